import { chmod, chown, mkdir, readdir, readlink, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { canEnter } from '../../../../src/platform/postgres/embedded/postgres-account.ts';
import { CleanUps, kill, makeFolder, spawnProcess, start, startProcess } from '../../../support/embedded.ts';
import { execute } from '../../../support/postgres.ts';

const cleanUps = new CleanUps();

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };
const canNobodyRun = isRoot && (await canEnter(nobody, import.meta.dirname));

afterEach(async () => await cleanUps.run());

describe('the files of the embedded PostgreSQL', { timeout: 30_000 }, () => {
  let base: string;
  let dataDirectory: string;

  beforeEach(async () => {
    base = await makeFolder();
    dataDirectory = join(base, 'data');
    cleanUps.add(async () => await rm(base, { recursive: true, force: true }));
  });

  it('are created once by processes that start simultaneously', async () => {
    const [one, another] = await Promise.all([
      startProcess(cleanUps, dataDirectory),
      startProcess(cleanUps, dataDirectory),
    ]);

    expect(one.url).toBe(another.url);
    expect((await readdir(dataDirectory)).toSorted()).toEqual(['postgres', 'postgres-password']);
  });

  it('are created again after an interruption', async () => {
    const child = spawnProcess(cleanUps, dataDirectory);
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
    const postgres = await start(cleanUps, dataDirectory);

    expect(await execute(postgres.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it.runIf(canNobodyRun)('belong to the non-root user who starts it', async () => {
    await mkdir(dataDirectory);
    await chown(dataDirectory, nobody.uid, nobody.gid);
    const other = await startProcess(cleanUps, dataDirectory, nobody);

    expect(await execute(other.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    expect((await stat(join(dataDirectory, 'postgres'))).uid).toBe(nobody.uid);
  });

  it.runIf(isRoot)('are kept elsewhere when only root can reach the data directory', async () => {
    await chmod(base, 0o700);
    const shelter = await makeFolder();
    cleanUps.add(async () => await rm(shelter, { recursive: true, force: true }));
    const first = await start(cleanUps, dataDirectory, { shelter });
    await execute(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start(cleanUps, dataDirectory, { shelter });

    expect(await execute(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(await readlink(join(dataDirectory, 'postgres'))).toMatch(new RegExp(`^${shelter}/postgres-`));
    expect((await readdir(dataDirectory)).toSorted()).toEqual(['postgres', 'postgres-password']);
  });
});
