import { Writable } from 'node:stream';
import type { Database } from '../../src/platform/postgres/database.ts';
import { openDatabase } from '../../src/platform/postgres/open-database.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { createTestDatabase } from './postgres.ts';

/** A migrated, empty database, open as a command has it. */
export async function openTestDatabase(): Promise<{
  readonly database: Database;
  readonly close: () => Promise<void>;
}> {
  const testDatabase = await createTestDatabase();
  const logger = createLogger({ level: 'silent' });
  const database = openDatabase({ url: testDatabase.url, steadySize: 1, overflowSize: 7, logger });
  return {
    database,
    async close() {
      await database.close();
      await testDatabase.drop();
    },
  };
}

/** A stream that keeps the output of a command as text. */
export class Written extends Writable {
  readonly isTTY: boolean;
  text = '';

  constructor({ isTTY = false } = {}) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}
