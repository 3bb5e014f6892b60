import { pino } from 'pino';
import { expect, it } from 'vitest';
import { prepareDemo } from '../../../src/cli/serve/demo-tokens.ts';
import { readConfig } from '../../../src/app/config/config.ts';
import { systemClock } from '../../../src/platform/runtime/clock.ts';
import { openDatabase } from '../../../src/platform/postgres/open-database.ts';
import { createTestDatabase } from '../../support/postgres.ts';

it('first start: filling in the demo data logs nothing, however long its statements take', async () => {
  const testDatabase = await createTestDatabase();
  const config = readConfig({
    NODE_ENV: 'test',
    DATABASE_URL: testDatabase.url,
    SLOW_QUERY_THRESHOLD_MS: '1',
  });
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const database = openDatabase({ ...config.database, url: testDatabase.url, logger });
  try {
    const tokens = await prepareDemo(config, { clock: systemClock, database, logger, close: async () => {} });

    expect(tokens?.admin).toMatch(/^parley_session_/);
    expect(lines).toEqual([]);
  } finally {
    await database.close();
    await testDatabase.drop();
  }
}, 60_000);
