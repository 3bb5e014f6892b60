import { once } from 'node:events';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  CleanUps,
  kill,
  makeFolder,
  postmasterPid,
  start,
  startProcess,
  startTimeOf,
} from '../../../support/embedded.ts';
import { execute } from '../../../support/postgres.ts';

const cleanUps = new CleanUps();

afterEach(async () => await cleanUps.run());

describe('the embedded PostgreSQL', { timeout: 30_000 }, () => {
  // Its files are made once for all of these tests.
  let base: string;
  let dataDirectory: string;

  beforeAll(async () => {
    base = await makeFolder();
    dataDirectory = join(base, 'data');
  });

  afterAll(async () => await rm(base, { recursive: true, force: true }));

  it('keeps its data and its URL between starts', async () => {
    const first = await start(cleanUps, dataDirectory);
    await execute(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start(cleanUps, dataDirectory);

    expect(await execute(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(second.url).toBe(first.url);
  });

  it('stops when it is no longer used, and may be stopped twice', async () => {
    const postgres = await start(cleanUps, dataDirectory);
    await postgres.stop();
    await postgres.stop();

    await expect(execute(postgres.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });

  it('survives a killed process, and is joined by the next one', async () => {
    const other = await startProcess(cleanUps, dataDirectory);
    const startedAt = await startTimeOf(other.url);
    await kill(other.process);
    const postgres = await start(cleanUps, dataDirectory);

    expect(await startTimeOf(postgres.url)).toEqual(startedAt);
  });

  it('is shared by processes, and stopped by the last one', async () => {
    const other = await startProcess(cleanUps, dataDirectory);
    const postgres = await start(cleanUps, dataDirectory);
    expect(postgres.url).toBe(other.url);

    await postgres.stop();
    expect(await execute(other.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);

    other.process.stdin?.end();
    await once(other.process, 'exit');
    await expect(execute(other.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });

  it('keeps running when a process that is not the last leaves', async () => {
    await start(cleanUps, dataDirectory);
    const other = await startProcess(cleanUps, dataDirectory);

    other.process.stdin?.end();
    expect(await once(other.process, 'exit')).toEqual([0, null]);
  });

  it('is restarted under its URL after it was killed', async () => {
    const postgres = await start(cleanUps, dataDirectory);
    const startedAt = await startTimeOf(postgres.url);
    process.kill(await postmasterPid(dataDirectory), 'SIGKILL');

    await vi.waitFor(async () => expect(await startTimeOf(postgres.url)).not.toEqual(startedAt), {
      timeout: 10_000,
    });
  });

  it('starts without losses after its process and its server were killed', async () => {
    const other = await startProcess(cleanUps, dataDirectory);
    await execute(other.url, 'create table written as select 42 as answer');
    const pid = await postmasterPid(dataDirectory);
    await kill(other.process);
    process.kill(pid, 'SIGKILL');
    const postgres = await start(cleanUps, dataDirectory);

    expect(await execute(postgres.url, 'select answer from written')).toEqual([{ answer: 42 }]);
  });

  it('is not confused by a process with the PID of its dead server', async () => {
    const first = await start(cleanUps, dataDirectory);
    await first.stop();
    const folder = join(dataDirectory, 'postgres');
    const lines = [process.pid, folder, 0, new URL(first.url).port, '', '127.0.0.1', 0, 'ready'];
    await writeFile(join(folder, 'postmaster.pid'), `${lines.join('\n')}\n`);
    const second = await start(cleanUps, dataDirectory);

    expect(await execute(second.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it("reports PostgreSQL's output when it does not start", async () => {
    await expect(start(cleanUps, dataDirectory, { settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /does not start: .*invalid value for parameter "shared_buffers": "plenty"/s,
    );
  });

  it('rejects a wrong password, and does not keep running', async () => {
    const passwordFile = join(dataDirectory, 'postgres-password');
    const password = await readFile(passwordFile, 'utf8');
    cleanUps.add(async () => await writeFile(passwordFile, password));
    await writeFile(passwordFile, 'another');

    await expect(start(cleanUps, dataDirectory)).rejects.toThrow(
      'refuses the password that is kept beside it',
    );
    await expect(postmasterPid(dataDirectory)).rejects.toThrow('ENOENT');
  });

  it('protects its password, and listens on localhost only', async () => {
    const postgres = await start(cleanUps, dataDirectory);
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

  it('recognizes letters of every script', async () => {
    const postgres = await start(cleanUps, dataDirectory);
    await execute(postgres.url, 'create extension pg_trgm');

    expect(await execute(postgres.url, "select lower('ЁЛКА'), similarity('ЁЛКА', 'ёлка')")).toEqual([
      { lower: 'ёлка', similarity: 1 },
    ]);
  });
});
