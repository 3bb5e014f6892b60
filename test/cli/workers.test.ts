import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delayBeforeRestart } from '../../src/cli/serve/workers.ts';
import { findEmbeddedPostgres } from '../../src/platform/postgres/embedded/embedded.ts';
import { runParley } from '../support/parley.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { killServer, startServer, type RunningServer } from '../support/server-process.ts';

let database: TestDatabase;
const started: RunningServer[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map(killServer));
  await database.drop();
});

function environment(): Record<string, string> {
  return { DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'error', DRAIN_DELAY: '0' };
}

async function serveWithTwo(settings = environment()): Promise<RunningServer> {
  const server = await startServer(settings, undefined, ['--workers', '2']);
  started.push(server);
  return server;
}

/** The processes that this one has started and that are alive. */
async function childrenOf({ pid }: ChildProcess): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const pids = text.split(' ').filter(Boolean).map(Number);
  const alive = await Promise.all(pids.map(isAlive));
  return pids.filter((_, index) => alive[index]);
}

/** A process that has died but was not yet buried is dead. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return status !== null && !/\) Z /.test(status);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

async function isAnswered(origin: string): Promise<boolean> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ query: '{ settings { maxMessageLength } }' }),
    // One that is stopped takes a connection and never says a word.
    signal: AbortSignal.timeout(2000),
  });
  return response.status === 200 && (await response.text()).includes('8000');
}

const answered = 'parley_requests_total{operation="(anonymous)",outcome="ok"}';

/** The value of each series that any worker tells. */
async function metricsOf(origin: string): Promise<Map<string, number>> {
  const response = await fetch(`${origin}/metrics`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(3000),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

/** What is told as soon as it is such; a connection that is handed to a worker that hangs is given up. */
async function metricsOfWhoAnswers(
  origin: string,
  isSuch: (metrics: ReadonlyMap<string, number>) => boolean,
): Promise<Map<string, number>> {
  for (;;) {
    const metrics = await metricsOf(origin).catch(() => null);
    if (metrics !== null && isSuch(metrics)) return metrics;
    await sleep(20);
  }
}

/** Which workers are told apart in series that begin so. */
function workersWith(metrics: ReadonlyMap<string, number>, beginning: string): string[] {
  const found = [...metrics.keys()].filter((series) => series.startsWith(beginning));
  return found.flatMap((series) => /worker="(\d+)"/.exec(series)?.[1] ?? []).toSorted();
}

// Whose children a process has can only be read from /proc.
describe.skipIf(process.platform !== 'linux')('several workers', { timeout: 120_000 }, () => {
  it('serve one port, and replace one that exits', async () => {
    const { child: primary, origin } = await serveWithTwo();
    const before = await childrenOf(primary);
    expect(before).toHaveLength(2);
    const [victim = 0, survivor = 0] = before;

    process.kill(victim, 'SIGKILL');
    // What Node hands to a worker in the moment of its death is lost; the next try is another's.
    await until(() => isAnswered(origin).catch(() => false));
    await until(async () => !(await childrenOf(primary)).includes(victim));
    await until(async () => (await childrenOf(primary)).length === 2);

    const after = await childrenOf(primary);
    expect(after).toContain(survivor);
    expect(after).not.toContain(victim);
    // The new worker answers too: the other one is stopped, so that no other process could.
    process.kill(survivor, 'SIGSTOP');
    await until(() => isAnswered(origin).catch(() => false));
    process.kill(survivor, 'SIGCONT');
  });

  it('exit with the primary process, however it exits', async () => {
    const { child: primary } = await serveWithTwo();
    const workers = await childrenOf(primary);
    expect(workers).toHaveLength(2);

    primary.kill('SIGKILL');
    await until(async () => (await Promise.all(workers.map(isAlive))).every((alive) => !alive));
  });

  it('exit 0 when all are interrupted simultaneously, as by Ctrl-C', async () => {
    const { child: primary } = await serveWithTwo();
    const workers = await childrenOf(primary);

    const ended = once(primary, 'exit');
    for (const pid of workers) process.kill(pid, 'SIGINT');
    primary.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect((await Promise.all(workers.map(isAlive))).some(Boolean)).toBe(false);
  });

  it('do not start when one of them cannot', async () => {
    const { code, errors } = await runParley(['serve', '--workers', '2'], {
      ...environment(),
      TRUSTED_DOCUMENTS_FILE: '/nowhere.json',
      TRUSTED_DOCUMENTS_MODE: 'enforce',
    });
    expect(code).toBe(1);
    expect(errors).toContain('/nowhere.json');
    expect(errors).toContain('A worker exited before it could listen.');
  });

  it('share one embedded PostgreSQL, which stops with them', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'parley-workers-'));
    await chmod(dataDirectory, 0o755);
    try {
      const served = await serveWithTwo({
        ...environment(),
        DATABASE_URL: '',
        DATA_DIRECTORY: dataDirectory,
      });
      expect(served.logs()).toMatch(/ada@acme\.example, admin: +authorization: Bearer parley_session_/);
      expect(await isAnswered(served.origin)).toBe(true);
      expect(await findEmbeddedPostgres(dataDirectory)).not.toBeNull();

      const ended = once(served.child, 'exit');
      served.child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(await findEmbeddedPostgres(dataDirectory)).toBeNull();
    } finally {
      await rm(dataDirectory, { recursive: true, force: true });
    }
  });

  it('report together in the /metrics of each, and no counter decreases when one hangs or exits', async () => {
    const { child: primary, origin } = await serveWithTwo();
    // As many connections, handed out in turn.
    for (let each = 0; each < 10; each += 1) await isAnswered(origin);
    const before = await metricsOf(origin);
    expect(before.get(answered)).toBe(10);
    expect(before.get('parley_request_duration_seconds_count{operation="(anonymous)"}')).toBe(10);
    expect(before.get('parley_pool_connections_max')).toBe(16);
    expect(before.get('parley_coherence_trusted')).toBe(1);
    expect(workersWith(before, 'parley_event_loop_delay_seconds{statistic="p99",')).toEqual(['1', '2']);
    expect(workersWith(before, 'process_resident_memory_bytes{')).toEqual(['1', '2']);

    const [victim = 0] = await childrenOf(primary);
    process.kill(victim, 'SIGSTOP');
    const without = await metricsOfWhoAnswers(origin, () => true);
    expect(without.get(answered)).toBe(10);
    expect(without.get('parley_pool_connections_max')).toBe(8);
    expect(workersWith(without, 'process_resident_memory_bytes{')).toHaveLength(1);

    process.kill(victim, 'SIGKILL');
    const after = await metricsOfWhoAnswers(
      origin,
      (metrics) => metrics.get('parley_pool_connections_max') === 16,
    );
    expect(await childrenOf(primary)).not.toContain(victim);
    expect(after.get(answered)).toBe(10);
    expect(workersWith(after, 'process_resident_memory_bytes{')).toEqual(['1', '2']);
  });

  it('are counted', async () => {
    const { code, errors } = await runParley(['serve', '--workers', '0'], environment());
    expect(code).toBe(1);
    expect(errors).toContain('from 1 to 64');
  });
});

describe('the delay before a worker is replaced', () => {
  it('is short at first, grows with repeated exits, and is short again after a stable period', () => {
    const died = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let delay = 0;
    const delays = died.map((livedMs) => (delay = delayBeforeRestart(delay, livedMs)));

    expect(delays).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(delayBeforeRestart(30_000, 60_000)).toBe(200);
  });
});
