import { Client, TypeOverrides, types, type ClientConfig } from 'pg';
import type { Logger } from '../../telemetry/logger.ts';
import { CheckedPool } from './validating-pool.ts';
import type { CheckTimes } from './connection-health.ts';
import type { WaitTimes } from './wait-queue.ts';
import type { FreezeTimes } from './stall-detector.ts';
import type { Driver } from '../driver/driver.ts';
import { observeClient, type StatementFollowers } from './observe-client.ts';

/** How long the database may take, in milliseconds. */
export interface DatabaseTimeouts extends CheckTimes, FreezeTimes, WaitTimes {
  /** Until PostgreSQL stops a statement. */
  readonly statementMs: number;
  /** Until PostgreSQL gives up waiting for a lock. */
  readonly lockMs: number;
}

/** What a pool is made of. */
export interface PoolOptions {
  readonly url: string;
  /** Connections that are kept when there is nothing to do. */
  readonly steadySize: number;
  /** Connections beyond those, made under load and closed afterwards. */
  readonly overflowSize: number;
  readonly timeouts: DatabaseTimeouts;
  readonly followers: StatementFollowers;
  readonly driver: Driver;
  readonly logger: Logger;
}

// A server that is frozen or unreachable sends nothing, not even its own timeout; a little later the client stops waiting.
export const graceMs = 2000;

/** How long a connection is used at the most. */
export const connectionLifetimeMs = 1_800_000;

/** The connections that Prisma and direct reads share. */
export function createPool(options: PoolOptions): CheckedPool {
  const { timeouts, followers, logger } = options;
  const config = {
    connectionString: withSettings(options.url),
    application_name: 'parley',
    min: options.steadySize,
    max: options.steadySize + options.overflowSize,
    idleTimeoutMillis: 30_000,
    // Prepared plans pile up in a connection, and after a failover old connections stay with the old server.
    maxLifetimeSeconds: connectionLifetimeMs / 1000,
    connectionTimeoutMillis: timeouts.connectMs,
    statement_timeout: timeouts.statementMs,
    lock_timeout: timeouts.lockMs,
    idle_in_transaction_session_timeout: timeouts.statementMs + graceMs,
    keepAlive: true,
    types: createTypeParsers(),
    Client: attachedClient(options.driver),
  };
  const pool = new CheckedPool(config, timeouts);
  pool.on('connect', (client) => {
    observeClient(client, followers, timeouts.statementMs + graceMs);
    // While it is lent out the pool does not listen, and a connection that breaks would end the process. Who waits for its answer
    // is told.
    client.on('error', ignore);
  });
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle connection to the database was lost'));
  // A connection that comes back within a transaction would take the next statements into it.
  pool.on('release', (_error, client) => {
    if (client.getTransactionStatus() !== 'I') void client.end();
  });
  return pool;
}

function attachedClient(driver: Driver): typeof Client {
  return class extends Client {
    constructor(config?: string | ClientConfig) {
      super(config);
      driver.attach(this);
    }
  };
}

function ignore(): void {}

/**
 * To start workers takes PostgreSQL several milliseconds and cores from others, and by itself it does so for what takes a tenth of a
 * millisecond. Who runs the database may say otherwise in its URL.
 */
const fewWorkers = '-c parallel_setup_cost=100000';

/** Prisma's adapter drops the offset of a timestamp instead of converting it, so the session's zone must be UTC. */
const inUtc = '-c TimeZone=UTC';

function withSettings(url: string): string {
  const address = new URL(url);
  const options = address.searchParams.get('options') ?? '';
  address.searchParams.set('options', [fewWorkers, options, inUtc].join(' '));
  return address.toString();
}

// count(*) is an int8, which pg hands over as text because it can exceed what a number holds exactly; nothing here does.
function createTypeParsers(): TypeOverrides {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, Number);
  return parsers;
}
