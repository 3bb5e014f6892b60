import type { Connection, FieldDef, PoolClient, Submittable } from 'pg';
import { executeMessage } from './execute-message.ts';
import type { Parameter } from './parameters.ts';
import { giveRowsTo, type RowTaker } from './data-row-reader.ts';
import type { PreparedRows, ReadRows, RowReaders } from './row-decoder.ts';

/** A statement with all that is sent. */
export interface BoundStatement {
  /** Under which it is kept prepared; '' for not at all. */
  readonly name: string;
  readonly text: string;
  readonly values: Parameter[];
}

type Answer<Row> = (error: unknown, rows: Row[]) => void;

/**
 * One statement by PostgreSQL's extended protocol, for `client.query`, which calls what is named `handle…` and replaces `callback`
 * by one that knows the time limit. Of the driver's own Query it leaves out what is not needed here at all (events, several
 * results) and what is needed only once: to describe the rows of a prepared statement.
 *
 * The connection must be closed after an error, because what it knows of the statement is unknown then.
 */
export class PreparedQuery<Row> implements Submittable, RowTaker {
  readonly name: string;
  readonly text: string;
  callback: Answer<Row>;
  readonly #values: Parameter[];
  readonly #client: PoolClient;
  readonly #readers: RowReaders;
  /** Undefined while the connection does not keep the statement prepared. */
  readonly #prepared: PreparedRows | undefined;
  /** The rows as they came. What is made of them before the last one is there would lie about until then. */
  #messages: Buffer[] = [];
  /** As PostgreSQL has described them; null while it has not. */
  #columns: readonly FieldDef[] | null = null;

  constructor(
    { name, text, values }: BoundStatement,
    client: PoolClient,
    readers: RowReaders,
    callback: Answer<Row>,
  ) {
    this.name = name;
    this.text = text;
    this.callback = callback;
    this.#values = values;
    this.#client = client;
    this.#readers = readers;
    this.#prepared = name === '' ? undefined : readers.ofPrepared(client, name);
  }

  submit(connection: Connection): void {
    const { name: statement, text } = this;
    const { stream } = connection;
    giveRowsTo(connection, this);
    if (this.#prepared !== undefined) {
      // What cannot be written is told by the connection's end, as with the driver's own messages.
      if (stream.writable) stream.write(executeMessage(statement, this.#values, this.#prepared.formats));
      return;
    }
    // Together, for otherwise each of them would be a packet of its own.
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

  takeRows(messages: Buffer): void {
    this.#messages.push(messages);
  }

  handleCommandComplete(): void {
    if (this.name !== '' && this.#prepared === undefined) {
      this.#readers.keep(this.#client, this.name, this.#columns);
    }
  }

  handleReadyForQuery(connection: Connection): void {
    giveRowsTo(connection, null);
    let rows: Row[] = [];
    let failure: unknown = null;
    // Thrown from here it would end the process.
    try {
      rows = this.#rows();
    } catch (error) {
      failure = error;
    }
    this.callback(failure, rows);
  }

  handleError(error: unknown, connection: Connection): void {
    giveRowsTo(connection, null);
    this.#messages = [];
    this.callback(error, []);
  }

  #rows(): Row[] {
    const messages = this.#messages;
    if (messages.length === 0) return [];
    this.#messages = [];
    const read = this.#readerOfRows();
    if (read === null) throw new Error('PostgreSQL sent rows that it had not described.');
    const rows: Row[] = [];
    for (const each of messages) read(each, rows);
    return rows;
  }

  #readerOfRows(): ReadRows | null {
    if (this.#prepared !== undefined) return this.#prepared.read;
    return this.#columns === null ? null : this.#readers.of(this.#columns);
  }

  /** Of an empty text; the answer is an empty one. */
  handleEmptyQuery(): void {}

  handleCopyInResponse(connection: Connection): void {
    // PostgreSQL waits for the rows of a COPY, and there are none.
    connection.stream.destroy(new Error('A COPY needs a connection of its own.'));
  }

  handleCopyData(): void {}
}
