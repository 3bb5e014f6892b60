import { TypeOverrides, types } from 'pg';
import type { Logger } from '../../telemetry/logger.ts';
import type { Driver } from '../driver/driver.ts';
import { graceMs, type DatabaseTimeouts } from '../timeouts.ts';
import { observeClient, type StatementFollowers } from './observe-client.ts';
import { PooledClient } from './pooled-client.ts';
import { ValidatingPool } from './validating-pool.ts';

/** The parts and the sizes of a pool. */
export interface PoolOptions {
  readonly url: string;
  /** Connections that stay open while idle. */
  readonly steadySize: number;
  /** Further connections, opened under load and closed afterwards. */
  readonly overflowSize: number;
  readonly timeouts: DatabaseTimeouts;
  readonly followers: StatementFollowers;
  readonly driver: Driver;
  readonly logger: Logger;
}

/** Creates the pool that Prisma and direct reads share. */
export function createPool({ driver, followers, logger, timeouts, ...options }: PoolOptions): ValidatingPool {
  const config = {
    connectionString: withSettings(options.url),
    application_name: 'parley',
    min: options.steadySize,
    max: options.steadySize + options.overflowSize,
    connectionTimeoutMillis: timeouts.connectMs,
    statement_timeout: timeouts.statementMs,
    lock_timeout: timeouts.lockMs,
    idle_in_transaction_session_timeout: timeouts.statementMs + graceMs,
    keepAlive: true,
    types: createTypeParsers(),
  };
  const pool = new ValidatingPool(config, timeouts, () => {
    const client = new PooledClient(config);
    driver.attach(client);
    observeClient(client, followers, timeouts.statementMs + graceMs);
    return client;
  });
  pool.on('error', (error) => logger.warn({ err: error }, 'idle database connection lost'));
  return pool;
}

/**
 * Starting parallel workers takes PostgreSQL milliseconds, and its default would do so for statements of a
 * tenth of one. The URL of the database can override this setting.
 */
const fewParallelWorkers = '-c parallel_setup_cost=100000';

/**
 * Prisma's adapter drops the offset of a timestamp instead of converting it, so the session's zone must be
 * UTC.
 */
const inUtc = '-c TimeZone=UTC';

function withSettings(url: string): string {
  const address = new URL(url);
  const options = address.searchParams.get('options') ?? '';
  address.searchParams.set('options', [fewParallelWorkers, options, inUtc].join(' '));
  return address.toString();
}

// pg returns an int8, the type of count(*), as text, because it can exceed what a number holds exactly; none
// here does.
function createTypeParsers(): TypeOverrides {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, Number);
  return parsers;
}
