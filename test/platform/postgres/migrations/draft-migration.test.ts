import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { draftMigration } from '../../../../prisma/draft/draft-migration.ts';
import { prismaFolder } from '../../../../src/platform/postgres/migrations/migration-folder.ts';
import { TestClock } from '../../../support/clock.ts';
import { createEmptyDatabase, execute, type TestDatabase } from '../../../support/postgres.ts';

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  folder = await mkdtemp(join(tmpdir(), 'parley-prisma-'));
  await cp(prismaFolder, folder, { recursive: true });
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

describe('draftMigration', () => {
  it('writes the SQL from the migrations to the schema', async () => {
    const schemaPath = join(folder, 'schema.prisma');
    const schema = await readFile(schemaPath, 'utf8');
    await writeFile(schemaPath, `${schema}\nmodel Note {\n  id String @id @db.Uuid\n\n  @@map("notes")\n}\n`);
    const clock = new TestClock(Date.UTC(2027, 0, 2, 3, 4, 5));
    const path = await draftMigration(database.url, 'notes', { clock, folder });

    expect(basename(dirname(path))).toBe('20270102030405_notes');
    expect(await readFile(path, 'utf8')).toMatch(/^-- CreateTable\nCREATE TABLE "notes"/);
    expect(await readdir(join(folder, 'migrations'))).toContain(basename(dirname(path)));
  });

  it('leaves no shadow database behind', async () => {
    await draftMigration(database.url, 'nothing', { clock: new TestClock(), folder });

    expect(
      await execute(database.url, "select datname from pg_database where datname like '%shadow%'"),
    ).toEqual([]);
  });
});
