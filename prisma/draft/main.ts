import { systemClock } from '../../src/platform/runtime/clock.ts';
import { readConfig } from '../../src/app/config/config.ts';
import { startEmbeddedPostgres } from '../../src/platform/postgres/embedded/embedded.ts';
import { prismaFolder } from '../../src/platform/postgres/migrations/migration-folder.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { draftMigration } from './draft-migration.ts';

const [name] = process.argv.slice(2);
if (name === undefined) throw new Error('The name is missing: npm run migration -- NAME');

const { database } = readConfig(process.env);
const options = { clock: systemClock, folder: prismaFolder };
if (database.url !== null) {
  console.log(`wrote ${await draftMigration(database.url, name, options)}`);
} else {
  const logger = createLogger({ level: 'warn' });
  const embedded = await startEmbeddedPostgres({ dataDirectory: database.dataDirectory, logger });
  try {
    console.log(`wrote ${await draftMigration(embedded.url, name, options)}`);
  } finally {
    await embedded.stop();
  }
}
