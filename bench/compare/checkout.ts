import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The folder of the checkout that this benchmark belongs to. */
export const ownCheckout = join(import.meta.dirname, '../..');

/** Builds this checkout; another one must have been built before. @throws Error with the compiler's output */
export async function ensureBuilt(checkout: string): Promise<void> {
  if (checkout === ownCheckout) {
    await run('npm', ['run', 'build'], { cwd: checkout });
  } else if (!existsSync(join(checkout, 'dist/main.js'))) {
    throw new Error(`${checkout} is not built: run npm ci and npm run build there.`);
  }
}

/** Generates the Prisma client of the peers. @throws Error when the peers are not installed */
export async function ensurePeers(): Promise<void> {
  const bench = join(ownCheckout, 'bench');
  if (!existsSync(join(bench, 'node_modules/mercurius'))) {
    throw new Error('The peers are not installed: npm ci --prefix bench');
  }
  if (existsSync(join(bench, 'peers/generated'))) return;
  await run('npx', ['prisma', 'generate'], { cwd: bench });
}

/** Runs a command of a built checkout, such as `migrate`, and returns its standard output. */
export async function runCommand(
  checkout: string,
  databaseUrl: string,
  command: readonly string[],
): Promise<string> {
  // Through the command line, because the source files of two versions lie in different places.
  const { stdout } = await run(process.execPath, ['dist/main.js', ...command], {
    cwd: checkout,
    env: { ...process.env, NODE_ENV: 'development', LOG_LEVEL: 'warn', DATABASE_URL: databaseUrl },
    maxBuffer: 1e8,
  });
  return stdout;
}

/** Starts a session for a user of the demo data and returns its token. */
export async function createToken(checkout: string, databaseUrl: string, user: string): Promise<string> {
  return (await runCommand(checkout, databaseUrl, ['token', '--user', user])).trim();
}

/** Returns the name of the newest migration of a checkout. */
export async function newestMigration(checkout: string): Promise<string> {
  const names = await readdir(join(checkout, 'prisma/migrations'));
  const [newest] = names.filter((name) => /^\d/.test(name)).toSorted((one, other) => (one < other ? 1 : -1));
  if (newest === undefined) throw new Error(`${checkout} has no migrations.`);
  return newest;
}
