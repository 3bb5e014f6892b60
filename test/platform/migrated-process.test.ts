import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';
import { migrate } from '../../src/platform/database/migrations.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createEmptyDatabase();
});
afterEach(() => database.drop());

// In a file of its own: Node tells only whether there are timers, and those of other migrations would hide this one's.
it('a process that has migrated is kept alive by nothing', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  await migrate(database.url, { logger: createLogger({ level: 'silent' }) });

  expect(before).toBe(0);
  expect(timers()).toBe(0);
});
