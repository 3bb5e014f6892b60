import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createApp } from '../src/app/app.ts';
import { readConfig } from '../src/app/config/config.ts';
import { openPlatform, type Platform } from '../src/app/open-platform.ts';
import {
  createChatTenant,
  measureChat,
  sumOf,
  type ChatTenant,
  type WorkCost,
  type WorkKind,
} from '../test/support/chat-workload.ts';

// Measures the share of SQL statements that the caches save, over 1,000 requests of 50 users of a chat
// product: once with cold caches and once without caches, on a server that listens on a port and uses a real
// PostgreSQL.

const peopleCount = 50;
/** The least share of statements saved for the data that is cached. */
const savedMin = 0.85;
const textMax = 110;

const parts: readonly (readonly [name: string, kinds: readonly WorkKind[]])[] = [
  ['sessions, settings, models and profiles', ['cached']],
  ['pages of conversations and messages', ['pages']],
  ['writes', ['changes']],
  ['all but pages', ['cached', 'changes']],
  ['all', ['cached', 'pages', 'changes']],
];

type Costs = Readonly<Record<WorkKind, WorkCost>>;

async function main(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-bench-'));
  // PostgreSQL refuses to run as root; its own user needs access to the folder.
  await chmod(directory, 0o755);
  const environment = { DATA_DIRECTORY: directory, LOG_LEVEL: 'warn', RATE_LIMIT_PER_ADDRESS: '0' };
  const platform = await openPlatform(readConfig(environment));
  try {
    const tenant = await createChatTenant(platform, peopleCount);
    const off = await measureServer(platform, { ...environment, CACHE_ENABLED: 'false' }, tenant);
    const remaining = new Map<string, number>();
    const stop = platform.database.observe(({ text }) => {
      const beginning = text.replace(/\s+/g, ' ').slice(0, textMax);
      remaining.set(beginning, (remaining.get(beginning) ?? 0) + 1);
    });
    const on = await measureServer(platform, { ...environment, CACHE_ENABLED: 'true' }, tenant);
    stop();
    console.table(parts.map(([name, kinds]) => rowOf(name, sumOf(on, kinds), sumOf(off, kinds))));
    console.log('Statements with the caches on, including the start of the server:');
    for (const [text, count] of [...remaining].toSorted(([, one], [, other]) => other - one)) {
      console.log(`${String(count).padStart(6)}  ${text}`);
    }
    const kinds = ['cached', 'pages', 'changes'] as const;
    const failed = sumOf(on, kinds).failed + sumOf(off, kinds).failed;
    return failed === 0 && savedShare(on.cached, off.cached) >= savedMin ? 0 : 1;
  } finally {
    await platform.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureServer(
  platform: Platform,
  settings: Readonly<Record<string, string>>,
  tenant: ChatTenant,
): Promise<Costs> {
  const app = createApp({ ...platform, config: readConfig(settings) });
  const server = await app.createServer(null);
  while (!app.coherence.isTrusted) await delay(10);
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const ask = async (query: string, token: string): Promise<string> => {
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return response.text();
  };
  try {
    return await measureChat({ app, database: platform.database }, tenant, { atOnce: 10, ask });
  } finally {
    await server.close();
  }
}

function rowOf(part: string, on: WorkCost, off: WorkCost): object {
  return {
    part,
    requests: on.requests,
    failed: on.failed + off.failed,
    'caches off': off.statements,
    'caches on': on.statements,
    saved: `${(100 * savedShare(on, off)).toFixed(1)} %`,
  };
}

function savedShare(on: WorkCost, off: WorkCost): number {
  return 1 - on.statements / off.statements;
}

process.exitCode = await main();
