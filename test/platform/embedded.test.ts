import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/database/embedded.ts';
import { canEnter } from '../../src/platform/database/postgres-account.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { execute } from '../support/postgres.ts';

interface User {
  readonly uid: number;
  readonly gid: number;
}

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };
const canNobodyRun = isRoot && (await canEnter(nobody, import.meta.dirname));

let cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  cleanUps = [];
});

describe('an embedded PostgreSQL', { timeout: 30_000 }, () => {
  // Its files are made once for all of these tests.
  let base: string;
  let dataDirectory: string;

  beforeAll(async () => {
    base = await makeFolder();
    dataDirectory = join(base, 'data');
  });

  afterAll(async () => await rm(base, { recursive: true, force: true }));

  it('keeps what was written, and its address, from one start to the next', async () => {
    const first = await start(dataDirectory);
    await execute(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start(dataDirectory);

    expect(await execute(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(second.url).toBe(first.url);
  });

  it('is stopped when nobody uses it any more, and can be told so twice', async () => {
    const postgres = await start(dataDirectory);
    await postgres.stop();
    await postgres.stop();

    await expect(execute(postgres.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });

  it('outlives a process that was killed, and is joined by the next one', async () => {
    const other = await startProcess(dataDirectory);
    const startedAt = await startTimeOf(other.url);
    await kill(other.process);
    const postgres = await start(dataDirectory);

    expect(await startTimeOf(postgres.url)).toEqual(startedAt);
  });

  it('is shared by processes, and stopped by the last one', async () => {
    const other = await startProcess(dataDirectory);
    const postgres = await start(dataDirectory);
    expect(postgres.url).toBe(other.url);

    await postgres.stop();
    expect(await execute(other.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);

    other.process.stdin?.end();
    await once(other.process, 'exit');
    await expect(execute(other.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });

  it('is brought back under its address when the server is killed', async () => {
    const postgres = await start(dataDirectory);
    const startedAt = await startTimeOf(postgres.url);
    process.kill(await postmasterPid(dataDirectory), 'SIGKILL');

    await vi.waitFor(async () => expect(await startTimeOf(postgres.url)).not.toEqual(startedAt), {
      timeout: 10_000,
    });
  });

  it('starts after its process and its server were killed, with nothing lost', async () => {
    const other = await startProcess(dataDirectory);
    await execute(other.url, 'create table written as select 42 as answer');
    const pid = await postmasterPid(dataDirectory);
    await kill(other.process);
    process.kill(pid, 'SIGKILL');
    const postgres = await start(dataDirectory);

    expect(await execute(postgres.url, 'select answer from written')).toEqual([{ answer: 42 }]);
  });

  it('is not misled by a process that has got the number of its dead server', async () => {
    const first = await start(dataDirectory);
    await first.stop();
    const folder = join(dataDirectory, 'postgres');
    const lines = [process.pid, folder, 0, new URL(first.url).port, '', '127.0.0.1', 0, 'ready'];
    await writeFile(join(folder, 'postmaster.pid'), `${lines.join('\n')}\n`);
    const second = await start(dataDirectory);

    expect(await execute(second.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it('tells what PostgreSQL said when it does not start', async () => {
    await expect(start(dataDirectory, { settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /does not start: .*invalid value for parameter "shared_buffers": "plenty"/s,
    );
  });

  it('refuses a password that is not its own, and does not stay', async () => {
    const passwordFile = join(dataDirectory, 'postgres-password');
    const password = await readFile(passwordFile, 'utf8');
    cleanUps.push(async () => await writeFile(passwordFile, password));
    await writeFile(passwordFile, 'another');

    await expect(start(dataDirectory)).rejects.toThrow('refuses the password that is kept beside it');
    await expect(postmasterPid(dataDirectory)).rejects.toThrow('ENOENT');
  });

  it('keeps its password to itself, and listens on this machine only', async () => {
    const postgres = await start(dataDirectory);
    const settings = await execute(
      postgres.url,
      "select current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets",
    );
    const wrong = new URL(postgres.url);
    wrong.password = 'guess';

    expect(settings).toEqual([{ addresses: '127.0.0.1', sockets: '' }]);
    expect((await stat(join(dataDirectory, 'postgres-password'))).mode & 0o777).toBe(0o600);
    await expect(execute(wrong.toString(), 'select 1')).rejects.toThrow('password authentication failed');
  });

  it('knows the letters of every script', async () => {
    const postgres = await start(dataDirectory);
    await execute(postgres.url, 'create extension pg_trgm');

    expect(await execute(postgres.url, "select lower('ЁЛКА'), similarity('ЁЛКА', 'ёлка')")).toEqual([
      { lower: 'ёлка', similarity: 1 },
    ]);
  });
});

describe('the files of an embedded PostgreSQL', { timeout: 30_000 }, () => {
  let base: string;
  let dataDirectory: string;

  beforeEach(async () => {
    base = await makeFolder();
    dataDirectory = join(base, 'data');
    cleanUps.push(async () => await rm(base, { recursive: true, force: true }));
  });

  it('are made once by processes that start at the same moment', async () => {
    const [one, another] = await Promise.all([startProcess(dataDirectory), startProcess(dataDirectory)]);

    expect(one.url).toBe(another.url);
    expect((await readdir(dataDirectory)).toSorted()).toEqual(['postgres', 'postgres-password']);
  });

  it('are made again when their making was cut short', async () => {
    const child = spawnProcess(dataDirectory);
    await vi.waitFor(
      async () => {
        const [workshop = 'none yet'] = (await readdir(dataDirectory)).filter((name) =>
          name.includes('.new-'),
        );
        await stat(join(dataDirectory, workshop, 'data', 'postgresql.conf'));
      },
      { timeout: 10_000, interval: 5 },
    );
    await kill(child);
    expect(await readdir(dataDirectory)).not.toContain('postgres');
    const postgres = await start(dataDirectory);

    expect(await execute(postgres.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it.runIf(canNobodyRun)('belong to the ordinary user who starts it', async () => {
    await mkdir(dataDirectory);
    await chown(dataDirectory, nobody.uid, nobody.gid);
    const other = await startProcess(dataDirectory, nobody);

    expect(await execute(other.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    expect((await stat(join(dataDirectory, 'postgres'))).uid).toBe(nobody.uid);
  });

  it.runIf(isRoot)('lie elsewhere where only root can reach the data directory', async () => {
    await chmod(base, 0o700);
    const shelter = await makeFolder();
    cleanUps.push(async () => await rm(shelter, { recursive: true, force: true }));
    const first = await start(dataDirectory, { shelter });
    await execute(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start(dataDirectory, { shelter });

    expect(await execute(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(await readlink(join(dataDirectory, 'postgres'))).toMatch(new RegExp(`^${shelter}/postgres-`));
    expect((await readdir(dataDirectory)).toSorted()).toEqual(['postgres', 'postgres-password']);
  });
});

// Not below a folder of root's own: as root the server runs as another user, who must be able to reach it.
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-embedded-'));
  await chmod(folder, 0o755);
  return folder;
}

async function start(
  dataDirectory: string,
  options: { settings?: Record<string, string>; shelter?: string } = {},
): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({
    dataDirectory,
    logger: createLogger({ level: 'silent' }),
    ...options,
    settings: { fsync: 'off', ...options.settings },
  });
  cleanUps.push(async () => await postgres.stop());
  return postgres;
}

async function startProcess(
  dataDirectory: string,
  user?: User,
): Promise<{ process: ChildProcess; url: string }> {
  const child = spawnProcess(dataDirectory, user);
  if (child.stdout === null) throw new Error('The process has no output.');
  const lines = createInterface(child.stdout);
  const [url] = await once(lines, 'line');
  return { process: child, url: String(url) };
}

function spawnProcess(dataDirectory: string, user: Partial<User> = {}): ChildProcess {
  const script = join(import.meta.dirname, '../support/embedded-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDirectory], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...user,
  });
  cleanUps.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.stdin?.end();
    await once(child, 'exit');
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function postmasterPid(dataDirectory: string): Promise<number> {
  return Number((await readFile(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

async function startTimeOf(url: string): Promise<unknown> {
  const [row] = await execute(url, 'select pg_postmaster_start_time()::text as time');
  return row?.['time'];
}
