import type { Connection, FieldDef, Submittable } from 'pg';
import type { DataRowConsumer, DataRowReader } from './data-row-reader.ts';
import type { BoundStatement } from './driver.ts';
import { executeMessage } from './execute-message.ts';
import type { Parameter } from './parameters.ts';
import type { PreparedRows, RowDecoder, RowDecoders } from './row-decoder.ts';

/** The driver's state of one connection. */
export interface DriverSession {
  readonly rows: DataRowReader;
  /** The rows of the statements that the connection keeps prepared, by the statement's name. */
  readonly prepared: Map<string, PreparedRows>;
}

type Callback<Row> = (error: unknown, rows: Row[]) => void;

/**
 * A statement by PostgreSQL's extended protocol, for `client.query`, which calls the `handle…` methods.
 * Unlike pg's own Query it has no events, no multiple results, and describes the rows of a prepared statement
 * only once.
 */
export class PreparedQuery<Row> implements Submittable, DataRowConsumer {
  readonly name: string;
  readonly text: string;
  /** Public because an observer of the connection wraps it. */
  callback: Callback<Row>;
  readonly #values: Parameter[];
  readonly #session: DriverSession;
  readonly #decoders: RowDecoders;
  /** Undefined while the connection does not keep the statement prepared. */
  readonly #prepared: PreparedRows | undefined;
  /**
   * The received bytes. Objects decoded before the last row has arrived would outlive V8's young generation.
   */
  #messages: Buffer[] = [];
  /** Null until PostgreSQL has described the rows. */
  #columns: readonly FieldDef[] | null = null;

  constructor(
    { name, text, values }: BoundStatement,
    session: DriverSession,
    decoders: RowDecoders,
    callback: Callback<Row>,
  ) {
    this.name = name;
    this.text = text;
    this.callback = callback;
    this.#values = values;
    this.#session = session;
    this.#decoders = decoders;
    this.#prepared = name === '' ? undefined : session.prepared.get(name);
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
    this.#session.rows.consumer = null;
    let rows: Row[] = [];
    let failure: unknown = null;
    // An error thrown from here would end the process.
    try {
      rows = this.#decodeRows();
    } catch (error) {
      failure = error;
    }
    this.callback(failure, rows);
  }

  handleError(error: unknown): void {
    this.#session.rows.consumer = null;
    this.#messages = [];
    this.callback(error, []);
  }

  #decodeRows(): Row[] {
    const messages = this.#messages;
    if (messages.length === 0) return [];
    this.#messages = [];
    const decode = this.#decoder();
    if (decode === null) throw new Error('PostgreSQL sent rows without a description.');
    const rows: Row[] = [];
    for (const each of messages) decode(each, rows);
    return rows;
  }

  #decoder(): RowDecoder | null {
    if (this.#prepared !== undefined) return this.#prepared.decode;
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
