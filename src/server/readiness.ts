import sql from 'sql-template-tag';
import type { Database } from '../platform/database/database.ts';
import { Refusal } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Readiness } from './health.ts';

/** Asks what a request needs: today that is the database alone. */
export function createReadinessCheck(database: Database, logger: Logger): () => Promise<Readiness> {
  return async () => {
    const message = await findFault(database, logger);
    const status = message === null ? 'HEALTHY' : 'UNHEALTHY';
    return { ready: message === null, components: [{ name: 'database', status, message }] };
  };
}

async function findFault(database: Database, logger: Logger): Promise<string | null> {
  try {
    await database.query(sql`select 1`);
    return null;
  } catch (error) {
    logger.warn({ err: error }, 'the database does not answer the readiness check');
    // Strangers read this: only words that are meant for them go into it.
    return error instanceof Refusal ? error.message : 'The database answered with an error.';
  }
}
