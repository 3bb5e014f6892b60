import { rm } from 'node:fs/promises';

import { startEmbeddedPostgres } from '../src/platform/postgres/embedded/embedded.ts';
import { migrate } from '../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../src/platform/telemetry/logger.ts';
import { makeFolder } from '../test/support/embedded.ts';
import { conditionsOf, madeUpDocument } from '../test/support/made-up-documents.ts';
import { endServer } from '../test/support/server-process.ts';
import { MeasuredServer } from './measured-server.ts';

/**
 * Sends anonymous requests with documents that the server has not seen, of 12 kB each and in 16 combinations
 * of conditions, to a process with a heap of 512 MB, and prints status codes, CPU time and live heap. Needs
 * `npm run build`.
 *
 *     npx tsx bench/documents.ts [requests] [times each document is sent]
 */
async function main(requests: number, timesEach: number): Promise<number> {
  const dataDirectory = await makeFolder();
  const logger = createLogger({ level: 'warn' });
  const postgres = await startEmbeddedPostgres({ dataDirectory, logger });
  try {
    await migrate(postgres.url, { logger });
    const server = await MeasuredServer.start({
      DATABASE_URL: postgres.url,
      NODE_OPTIONS: '--max-old-space-size=512',
    });
    const grown = await measure(server, requests, timesEach).finally(() => endServer(server.running));
    return grown < grownMax ? 0 : 1;
  } finally {
    await postgres.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

const grownMax = 60 * 1024 * 1024;
const atATime = 8;

async function measure(server: MeasuredServer, requests: number, timesEach: number): Promise<number> {
  await post(server, 0, 0);
  const before = await server.keptBytes();
  const { cpuMs } = await server.signsNow();
  const statuses = new Map<number, number>();
  let next = 0;
  async function send(): Promise<void> {
    for (let index = next++; index < requests; index = next++) {
      const status = await post(server, 1 + Math.floor(index / timesEach), index % 16);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  }
  await Promise.all(Array.from({ length: atATime }, send));
  const after = await server.signsNow();
  const grown = (await server.keptBytes()) - before;
  console.log(`${requests} requests, each document ${timesEach} times:`, Object.fromEntries(statuses));
  console.log(`CPU of a request: ${((after.cpuMs - cpuMs) / requests).toFixed(1)} ms`);
  console.log(`live heap: ${inMegabytes(before)} MB before, ${inMegabytes(grown)} MB more after`);
  return grown;
}

async function post({ running }: MeasuredServer, document: number, combination: number): Promise<number> {
  const response = await fetch(`${running.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: madeUpDocument(document), variables: conditionsOf(combination) }),
  });
  await response.arrayBuffer();
  return response.status;
}

function inMegabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

const [requests = '428', timesEach = '1'] = process.argv.slice(2);
process.exitCode = await main(Number(requests), Number(timesEach));
