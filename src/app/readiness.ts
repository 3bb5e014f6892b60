import sql from 'sql-template-tag';
import type { Coherence } from '../caching/coherence/coherence.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { ColumnCheck } from './column-check.ts';
import { Refusal } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { SharedCounters } from '../platform/security/shared-attempt-limiter.ts';
import type { ComponentReadiness, Readiness } from '../server/routes/health-routes.ts';

/** What is asked. */
interface ReadinessOptions {
  readonly database: Database;
  readonly columnCheck: ColumnCheck;
  readonly logger: Logger;
  readonly coherence: Pick<Coherence, 'isTrusted'>;
  /** What caches have in common with other processes; null where that is nothing. */
  readonly shared: { readonly counters: SharedCounters } | null;
}

/**
 * Asks what a request needs: that the database answers, and that it has the columns that the code was made
 * for.
 */
export function createReadinessCheck(options: ReadinessOptions): () => Promise<Readiness> {
  return async () => {
    const components = [
      await databaseReadiness(options),
      schemaReadiness(options.columnCheck),
      cacheReadiness(options),
    ];
    return { ready: components.every(({ status }) => status !== 'UNHEALTHY'), components };
  };
}

async function databaseReadiness({
  database,
  columnCheck,
  logger,
}: ReadinessOptions): Promise<ComponentReadiness> {
  try {
    await database.query(sql`select 1`);
    await columnCheck.check();
    return { name: 'database', status: 'HEALTHY', message: null };
  } catch (error) {
    logger.warn({ err: error }, 'the database does not answer the readiness check');
    // Strangers read this: only words that are meant for them go into it.
    const message = error instanceof Refusal ? error.message : 'The database answered with an error.';
    return { name: 'database', status: 'UNHEALTHY', message };
  }
}

/** As of the last look that the database answered. */
function schemaReadiness(columnCheck: ColumnCheck): ComponentReadiness {
  const { isolating, others } = columnCheck.missing;
  if (isolating.length === 0 && others.length === 0)
    return { name: 'schema', status: 'HEALTHY', message: null };
  const message = `The database lacks ${[...isolating, ...others].join(', ')}.`;
  return isolating.length === 0
    ? { name: 'schema', status: 'DEGRADED', message: `${message} Requests that need them fail.` }
    : {
        name: 'schema',
        status: 'UNHEALTHY',
        message: `${message} Nothing is served, because tenants are kept apart by them.`,
      };
}

/** A cache that is broken costs time, never an answer: it is never a reason to send requests elsewhere. */
function cacheReadiness({ coherence, shared }: ReadinessOptions): ComponentReadiness {
  const faults = [
    ...(coherence.isTrusted
      ? []
      : ['What caches hold is not used, because changes in the database are not heard of.']),
    ...(shared !== null && shared.counters.session === null ? ['Redis does not answer.'] : []),
  ];
  return faults.length === 0
    ? { name: 'caches', status: 'HEALTHY', message: null }
    : { name: 'caches', status: 'DEGRADED', message: faults.join(' ') };
}
