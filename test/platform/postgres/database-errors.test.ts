import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { openDatabase, type OpenDatabaseOptions } from '../../../src/platform/postgres/open-database.ts';
import { toApiError, uniqueViolationOf } from '../../../src/platform/postgres/database-errors.ts';
import { Unavailable } from '../../../src/platform/errors.ts';
import { createId } from '../../../src/platform/ids.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const logger = createLogger({ level: 'silent' });

let testDatabase: TestDatabase;
let opened: Database[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (const database of opened) await database.close();
  opened = [];
});

afterAll(async () => await testDatabase.drop());

describe('toApiError', () => {
  it("recognizes Prisma's error for an exhausted pool, also in a transaction", async () => {
    const database = open({ steadySize: 1, overflowSize: 0, timeouts: { connectMs: 1000 } });
    const held = await database.pool.connect();

    expect(toApiError(await failureOf(database.prisma.user.count()))).toBeInstanceOf(Unavailable);
    expect(
      toApiError(await failureOf(database.prisma.$transaction(async (tx) => await tx.user.count()))),
    ).toBeInstanceOf(Unavailable);
    held.release();
  });

  it("recognizes Prisma's error for a missing server", async () => {
    const database = open({ url: 'postgres://somebody@127.0.0.1:1/nowhere' });

    expect(toApiError(await failureOf(database.prisma.user.count()))).toBeInstanceOf(Unavailable);
  });

  it("recognizes Prisma's error for a statement timeout", async () => {
    const database = open({ timeouts: { statementMs: 100 } });

    expect(toApiError(await failureOf(database.prisma.$queryRaw`select 1 from pg_sleep(60)`))).toMatchObject({
      code: 'TIMEOUT',
    });
  });

  it('returns any other error unchanged', async () => {
    const defect = new TypeError('x is not a function');

    expect(toApiError(defect)).toBe(defect);
    expect(toApiError(null)).toBeNull();
  });
});

describe('uniqueViolationOf', () => {
  it("names the constraint, of Prisma's errors and of ours", async () => {
    const database = open();
    const id = createId();
    await database.prisma.user.create({ data: { id, email: 'ada@example.com' } });
    const samePerson = await failureOf(database.prisma.user.create({ data: { id } }));
    const sameAddress = await failureOf(
      database.query({
        text: 'insert into users (id, email) values ($1, $2)',
        values: [createId(), 'ADA@example.com'],
      }),
    );

    expect(uniqueViolationOf(samePerson)).toBe('users_pkey');
    expect(uniqueViolationOf(sameAddress)).toBe('users_email_key');
    expect(uniqueViolationOf(new Error('something else'))).toBeNull();
  });
});

function open(options: Partial<OpenDatabaseOptions> = {}): Database {
  const database = openDatabase({
    url: testDatabase.url,
    steadySize: 1,
    overflowSize: 3,
    logger,
    ...options,
  });
  opened.push(database);
  return database;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => null,
    (error: unknown) => error,
  );
}
