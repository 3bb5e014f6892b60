import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sql from 'sql-template-tag';
import { createApp } from '../src/app/app.ts';
import { readConfig } from '../src/app/config/config.ts';
import { createId } from '../src/platform/ids.ts';
import { openPlatform, type Platform } from '../src/app/open-platform.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../test/support/identity-provider.ts';
import {
  idleQuery,
  measureIdentityCost,
  type IdentityCost,
  type IdentityWorkload,
} from '../test/support/identity-workload.ts';

// Measures the cost of authenticating 1,000 requests of 50 users with tokens of an identity provider, with
// and without caches. The servers listen on a port and use a real PostgreSQL.

const workload = { people: 50, requests: 1000, tokensPerPerson: 1, changedPeople: 0, run: 1 };

/**
 * Phases on one server, in order: cold caches, warm caches, and users that changed at the identity provider.
 */
const phases: readonly { readonly name: string; readonly changes: Partial<IdentityWorkload> }[] = [
  { name: 'just started', changes: {} },
  { name: 'ten tokens each', changes: { tokensPerPerson: 10, run: 2 } },
  { name: 'ten tokens each, 5 people changed', changes: { tokensPerPerson: 10, changedPeople: 5, run: 3 } },
];

const directory = await mkdtemp(join(tmpdir(), 'parley-bench-'));
// PostgreSQL refuses to run as root; its own user needs access to the folder.
await chmod(directory, 0o755);
const provider = await startIdentityProvider();
provider.clock = { now: () => Date.now() };
const environment = { ...provider.environment, DATA_DIRECTORY: directory, LOG_LEVEL: 'warn' };
const platform = await openPlatform(readConfig(environment));
try {
  await platform.database.query(sql`insert into tenants (id, slug, name, external_id)
    values (${createId()}::uuid, 'acme', 'Acme', 'org_acme')`);
  await createUsers(platform, provider);
  const rows = [
    ...(await measureServer('caches on', { ...environment, CACHE_ENABLED: 'true' }, 0)),
    ...(await measureServer('caches off', { ...environment, CACHE_ENABLED: 'false' }, phases.length)),
  ];
  console.table(rows);
} finally {
  await platform.close();
  await provider.close();
  await rm(directory, { recursive: true, force: true });
}

/** Creates the rows of all users, as on a server that has been in use. */
async function createUsers(platform: Platform, provider: TestIdentityProvider): Promise<void> {
  await withServer(platform, environment, async (app, send) => {
    await measureIdentityCost(
      { app, database: platform.database, provider },
      { ...workload, requests: 50, run: 0 },
      send,
    );
  });
}

async function measureServer(
  name: string,
  settings: Readonly<Record<string, string>>,
  runsBefore: number,
): Promise<object[]> {
  return withServer(platform, settings, async (app, send) => {
    const rows = [];
    for (const { name: phase, changes } of phases) {
      const all = { ...workload, ...changes };
      const load = { ...all, run: all.run + runsBefore };
      const cost = await measureIdentityCost({ app, database: platform.database, provider }, load, send);
      rows.push(rowOf(`${name}: ${phase}`, cost));
    }
    return rows;
  });
}

async function withServer<Result>(
  platform: Platform,
  settings: Readonly<Record<string, string>>,
  work: (app: ReturnType<typeof createApp>, send: (token: string) => Promise<number>) => Promise<Result>,
): Promise<Result> {
  const app = createApp({ ...platform, config: readConfig(settings) });
  const server = await app.createServer(null);
  while (!app.coherence.isTrusted) await delay(10);
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const send = async (token: string): Promise<number> => {
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: idleQuery }),
    });
    await response.arrayBuffer();
    return response.status;
  };
  try {
    return await work(app, send);
  } finally {
    await server.close();
  }
}

function rowOf(run: string, cost: IdentityCost): object {
  const { requests, refused, statements, statementsPerRequest, hitRate, skipRate } = cost;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return {
    run,
    requests,
    refused,
    statements,
    'per request': statementsPerRequest.toFixed(3),
    hits: percent(hitRate),
    'syncs skipped': percent(skipRate),
  };
}
