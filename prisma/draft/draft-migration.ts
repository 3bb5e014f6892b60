import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate } from '../../src/platform/postgres/migrations/migrations.ts';
import type { Clock } from '../../src/platform/runtime/clock.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { differenceTo } from './schema-engine.ts';

/**
 * Writes a new migration with the SQL that leads from the existing migrations to schema.prisma, or an empty
 * one when there is no difference. The server must let this user create a database, which is dropped again.
 * @returns the path of the new migration.sql
 */
export async function draftMigration(
  url: string,
  name: string,
  { clock, folder }: { readonly clock: Clock; readonly folder: string },
): Promise<string> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new Error(`A migration's name has lower-case letters, digits and underscores, unlike \`${name}\`.`);
  }
  const path = join(folder, 'schema.prisma');
  const schema = { path, content: await readFile(path, 'utf8') };
  const script = await withShadowDatabase(url, async (shadow) => {
    await migrate(shadow, { folder, logger: createLogger({ level: 'silent' }) });
    return await differenceTo(shadow, schema);
  });
  const draft = join(folder, 'migrations', `${timestamp(clock)}_${name}`);
  await mkdir(draft);
  await writeFile(join(draft, 'migration.sql'), script);
  return join(draft, 'migration.sql');
}

async function withShadowDatabase<Result>(
  url: string,
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const name = `parley_shadow_${randomUUID().replaceAll('-', '')}`;
  const shadow = new URL(url);
  shadow.pathname = `/${name}`;
  try {
    await client.query(`create database ${name}`);
    return await use(shadow.toString()).finally(() => client.query(`drop database ${name} with (force)`));
  } finally {
    await client.end();
  }
}

// Prisma's form, by which migrations are sorted: 20261231235959.
function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replaceAll(/\D/g, '').slice(0, 14);
}
