import { once } from 'node:events';
import { startEmbeddedPostgres } from '../../src/platform/postgres/embedded/embedded.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';

// A process of its own that uses the embedded PostgreSQL of the data directory given: it says the address
// once it can be used, and leaves when its input ends.
const [dataDirectory = ''] = process.argv.slice(2);
const postgres = await startEmbeddedPostgres({
  dataDirectory,
  logger: createLogger({ level: 'warn' }),
  settings: { fsync: 'off' },
});
console.log(postgres.url);
process.stdin.resume();
await once(process.stdin, 'end');
// Node ends with the exit code 13 when nothing is left that could finish this.
await postgres.stop();
