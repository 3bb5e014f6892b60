import type { Client } from 'pg';
import { BinaryDriver } from './binary-driver.ts';
import type { Parameter } from './bind-message.ts';
import { PgDriver } from './pg-driver.ts';

export { PreparedQuery } from './binary-driver.ts';
export { parameterFrom } from './bind-message.ts';
export { isAwaitingResponse, processIdOf, secretKeyOf } from './pg-internals.ts';

/**
 * The drivers: `binary` reads rows from PostgreSQL's own bytes; `pg` leaves everything to pg, in twice the
 * time.
 */
export type DriverName = 'binary' | 'pg';

/** A statement with everything that is sent to PostgreSQL. */
export interface BoundStatement {
  /** The name of the prepared statement; '' for a statement that is not kept prepared. */
  readonly name: string;
  readonly text: string;
  readonly values: Parameter[];
}

/**
 * Sends statements through pg's connections and decodes their rows; one driver serves all connections of a
 * pool. Columns named `owner.id`, `owner.name` … become an object `owner`, which is null when its first
 * column is.
 */
export interface Driver {
  /** Prepares a connection; to be called before it is opened. */
  attach(client: Client): void;
  /**
   * Runs one statement; after an error the connection must be closed. @throws what PostgreSQL or pg reports
   */
  run<Row extends object>(client: Client, statement: BoundStatement): Promise<Row[]>;
}

/** Creates a driver. @throws TypeError when `binary` does not support the installed version of pg */
export function createDriver(name: DriverName): Driver {
  return name === 'pg' ? new PgDriver() : new BinaryDriver();
}
