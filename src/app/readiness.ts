import sql from 'sql-template-tag';
import type { Coherence } from '../caching/coherence/coherence.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Config } from './config/config.ts';
import type { ColumnCheck } from './column-check.ts';
import { Refusal } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { SharedCounters } from '../platform/security/shared-attempt-limiter.ts';
import type { ComponentReadiness, Readiness } from '../server/routes/health-routes.ts';

/** The dependencies of the check. */
interface ReadinessOptions {
  readonly database: Database;
  readonly columnCheck: ColumnCheck;
  readonly logger: Logger;
  readonly coherence: Pick<Coherence, 'isTrusted' | 'isCutOff' | 'silentMs'>;
  readonly config: Pick<Config, 'accessGraceMs' | 'lastValueMaxMs'>;
  /** The store that processes share; null without such a store. */
  readonly shared: { readonly counters: SharedCounters } | null;
}

/** Creates the check of what a request needs: a database that responds and has the required columns. */
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
        message: `${message} Every request is rejected, because they isolate tenants.`,
      };
}

/** A cache that is broken costs time, never an answer: it is never a reason to send requests elsewhere. */
function cacheReadiness({ coherence, config, shared }: ReadinessOptions): ComponentReadiness {
  const faults = [
    ...(coherence.isTrusted
      ? []
      : ['Caches are disabled: change notifications of the database are not received.']),
    ...(coherence.isCutOff ? [silenceMessage(coherence.silentMs, config)] : []),
    ...(shared !== null && shared.counters.session === null ? ['Redis does not respond.'] : []),
  ];
  return faults.length === 0
    ? { name: 'caches', status: 'HEALTHY', message: null }
    : { name: 'caches', status: 'DEGRADED', message: faults.join(' ') };
}

/** Describes what is still answered from memory without the database. */
function silenceMessage(
  silentMs: number,
  { accessGraceMs, lastValueMaxMs }: ReadinessOptions['config'],
): string {
  const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
  if (silentMs < accessGraceMs) {
    return `Access is decided from memory for another ${seconds(accessGraceMs - silentMs)} (ACCESS_GRACE).`;
  }
  if (silentMs >= lastValueMaxMs) return 'Memory is too old to be used (LAST_VALUE_MAX).';
  const left = seconds(lastValueMaxMs - silentMs);
  return `Memory is too old to decide access (ACCESS_GRACE); other values are served for another ${left} (LAST_VALUE_MAX).`;
}
