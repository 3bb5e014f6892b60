import { Connection, type Client, type FieldDef, type Submittable } from 'pg';
import { executeMessage, type Parameter } from './bind-message.ts';
import { DataRowReader, type DataRowConsumer } from './data-row-reader.ts';
import type { BoundStatement, Driver } from './driver.ts';
import { requireAttachListeners } from './pg-internals.ts';
import { RowDecoders, type PreparedRows, type RowDecoder } from './row-decoder.ts';

/** The driver's state of one connection. */
interface DriverSession {
  readonly rows: DataRowReader;
  /** The rows of the statements that the connection keeps prepared, by the statement's name. */
  readonly prepared: Map<string, PreparedRows>;
}

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
      client.query(new PreparedQuery<Row>(statement, session, this.#decoders, { resolve, reject }));
    });
  }
}

/** The functions that settle the promise of a statement's rows. */
interface Outcome<Row> {
  readonly resolve: (rows: Row[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A statement by PostgreSQL's extended protocol, for `client.query`, which calls the `handle…` methods.
 * Unlike pg's own Query it has no events, no multiple results, and describes the rows of a prepared statement
 * only once.
 */
export class PreparedQuery<Row> implements Submittable, DataRowConsumer {
  readonly name: string;
  readonly text: string;
  /** For an observer of the connection: called when the statement has settled, before its promise. */
  onSettled: ((failed: boolean) => void) | null;
  readonly #values: Parameter[];
  readonly #session: DriverSession;
  readonly #decoders: RowDecoders;
  readonly #outcome: Outcome<Row>;
  /** Undefined while the connection does not keep the statement prepared. */
  readonly #prepared: PreparedRows | undefined;
  /**
   * The received bytes. Objects decoded before the last row has arrived would outlive V8's young generation.
   */
  #messages: Buffer[];
  /** Null until PostgreSQL has described the rows. */
  #columns: readonly FieldDef[] | null;

  constructor(
    { name, text, values }: BoundStatement,
    session: DriverSession,
    decoders: RowDecoders,
    outcome: Outcome<Row>,
  ) {
    this.name = name;
    this.text = text;
    this.onSettled = null;
    this.#values = values;
    this.#session = session;
    this.#decoders = decoders;
    this.#outcome = outcome;
    this.#prepared = name === '' ? undefined : session.prepared.get(name);
    this.#messages = [];
    this.#columns = null;
  }

  submit(connection: Connection): void {
    const { name: statement, text } = this;
    const { stream } = connection;
    this.#session.rows.consumer = this;
    if (this.#prepared !== undefined) {
      // A write that fails is reported by the end of the connection, as for pg's own messages.
      if (stream.writable) stream.write(executeMessage(statement, this.#values, this.#prepared.formats));
      return;
    }
    // Corked, because each message would be a packet of its own otherwise.
    stream.cork();
    connection.parse({ name: statement, text, types: [] }, true);
    connection.bind({ statement, values: this.#values }, true);
    connection.describe({ type: 'P' }, true);
    connection.execute({}, true);
    connection.sync();
    stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.#columns = fields;
  }

  receiveRows(messages: Buffer): void {
    this.#messages.push(messages);
  }

  handleCommandComplete(): void {
    if (this.name === '' || this.#prepared !== undefined) return;
    this.#session.prepared.set(this.name, this.#decoders.forPrepared(this.#columns));
  }

  handleReadyForQuery(): void {
    const messages = this.#messages;
    const rows: Row[] = [];
    this.#session.rows.consumer = null;
    this.#messages = [];
    // An error thrown from here would end the process.
    try {
      const decode = this.#prepared === undefined ? this.#textDecoder() : this.#prepared.decode;
      if (decode === null && messages.length > 0) {
        throw new Error('PostgreSQL sent rows without a description.');
      }
      for (const each of messages) decode?.(each, rows);
    } catch (error) {
      this.handleError(error);
      return;
    }
    this.onSettled?.(false);
    this.#outcome.resolve(rows);
  }

  handleError(error: unknown): void {
    this.#session.rows.consumer = null;
    this.#messages = [];
    this.onSettled?.(true);
    this.#outcome.reject(error);
  }

  #textDecoder(): RowDecoder | null {
    return this.#columns === null ? null : this.#decoders.forText(this.#columns);
  }

  /** Called for an empty statement, which has no rows. */
  handleEmptyQuery(): void {}

  handleCopyInResponse(connection: Connection): void {
    // PostgreSQL would wait for the rows of a COPY, and there are none.
    connection.stream.destroy(new Error('COPY needs a connection of its own; use copyRows.'));
  }

  handleCopyData(): void {}
}
