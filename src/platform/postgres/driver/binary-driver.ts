import { Connection, type Client } from 'pg';
import { DataRowReader } from './data-row-reader.ts';
import type { BoundStatement, Driver } from './driver.ts';
import { requireAttachListeners } from './pg-internals.ts';
import { PreparedQuery, type DriverSession } from './prepared-query.ts';
import { RowDecoders } from './row-decoder.ts';

/**
 * Decodes the rows of a statement in one go from the bytes that PostgreSQL sent, ids and times from their
 * binary form. A page of 200 rows takes 208 µs instead of pg's 540; docs/decisions/0026 and 0029 have the
 * reasons.
 */
export class BinaryDriver implements Driver {
  readonly #decoders = new RowDecoders();
  readonly #sessions = new WeakMap<Client, DriverSession>();

  /** @throws TypeError for a version of pg whose connections cannot be intercepted */
  constructor() {
    requireAttachListeners(Connection.prototype);
  }

  attach(client: Client): void {
    const rows = new DataRowReader();
    rows.intercept(client.connection);
    this.#sessions.set(client, { rows, prepared: new Map() });
  }

  run<Row extends object>(client: Client, statement: BoundStatement): Promise<Row[]> {
    const session = this.#sessions.get(client);
    if (session === undefined) throw new TypeError('This connection was not attached to the driver.');
    return new Promise((resolve, reject) => {
      client.query(
        new PreparedQuery<Row>(statement, session, this.#decoders, (error, rows) => {
          if (error === null || error === undefined) resolve(rows);
          else reject(error);
        }),
      );
    });
  }
}
