import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The migrated template from which each test's database is copied; it has no connections. */
    readonly templateUrl: string;
  }
}

/** A database of one test's own, empty and migrated. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Copies the migrated template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return await createDatabase(databaseOf(inject('templateUrl')));
}

/** A database without any tables, for tests of what makes them. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return await createDatabase('template1');
}

/** Runs one statement on a connection of its own. */
export async function execute(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows;
  } finally {
    await client.end();
  }
}

async function createDatabase(template: string): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const serverUrl = withDatabase(inject('templateUrl'), 'postgres');
  await execute(serverUrl, `create database ${name} template ${template}`);
  return {
    url: withDatabase(serverUrl, name),
    drop: async () => void (await execute(serverUrl, `drop database if exists ${name} with (force)`)),
  };
}

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

function withDatabase(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.toString();
}
