import type { FieldDef, PoolClient } from 'pg';
import { columnReader } from './column-readers.ts';

/**
 * Puts the rows of whole DataRow messages, one behind the other, into `rows`; which type they have is the word of whoever wrote
 * the statement.
 * @throws Error for a row with another number of columns
 */
export type ReadRows = (messages: Buffer, rows: unknown[]) => void;

/** A row's shape is a column list of the code, of which there are some hundreds; beyond, they are compiled anew. */
const readersMax = 1000;

/**
 * How rows are read, and what each connection has told about the statements that it keeps prepared. Those need not be described
 * again: rather than let their columns change PostgreSQL refuses to run them. One for each pool.
 */
export class RowReaders {
  readonly #byColumns = new Map<string, ReadRows>();
  readonly #byClient = new WeakMap<PoolClient, Map<string, ReadRows | null>>();

  /** Of a prepared statement; null when it has no rows, undefined when the connection has not told yet. */
  ofPrepared(client: PoolClient, name: string): ReadRows | null | undefined {
    return this.#byClient.get(client)?.get(name);
  }

  keep(client: PoolClient, name: string, reader: ReadRows | null): void {
    const known = this.#byClient.get(client);
    if (known === undefined) this.#byClient.set(client, new Map([[name, reader]]));
    else known.set(name, reader);
  }

  of(columns: readonly FieldDef[]): ReadRows {
    const key = JSON.stringify(columns.map(({ name, dataTypeID }) => [name, dataTypeID]));
    const known = this.#byColumns.get(key);
    if (known !== undefined) return known;
    const reader = compile(columns);
    if (this.#byColumns.size >= readersMax) this.#byColumns.clear();
    this.#byColumns.set(key, reader);
    return reader;
  }
}

/** A message's code, its length and the number of its columns. */
const headLength = 7;
const placeOfCount = 5;

/**
 * One literal for all columns: V8 gives all rows one shape, and writes each property at a place of its own, in a fifth of the
 * time that a loop over the columns takes. The names come from the code's statements and are quoted. Columns that
 * are named `owner.id`, `owner.name` … become an object `owner`, which is null when the first of them is.
 */
function compile(columns: readonly FieldDef[]): ReadRows {
  const read = columns.map(({ dataTypeID }) => columnReader(dataTypeID));
  const constants = columns.map((_column, at) => `const read${at} = read[${at}];`);
  const places = columns.map(
    (_column, at) =>
      `const length${at} = messages.readInt32BE(at), start${at} = at + 4; at = length${at} < 0 ? start${at} : start${at} + length${at};`,
  );
  // oxlint-disable-next-line no-implied-eval, no-new-func
  const make = new Function(
    'read',
    'refuse',
    `'use strict'; ${constants.join(' ')}
    return (messages, rows) => {
      let at = 0;
      while (at < messages.length) {
        if (messages.readInt16BE(at + ${placeOfCount}) !== ${columns.length}) refuse();
        at += ${headLength};
        ${places.join('\n')}
        rows.push(${literal(columns.map(({ name }, at) => ({ name, at })))});
      }
    };`,
  );
  return make(read, refuse);
}

function refuse(): never {
  throw new Error('PostgreSQL sent a row that is not as it had described.');
}

interface PlacedColumn {
  readonly name: string;
  readonly at: number;
}

function literal(columns: readonly PlacedColumn[]): string {
  const membersByName = new Map<string, PlacedColumn[]>();
  for (const column of columns) {
    const [name = ''] = column.name.split('.', 1);
    membersByName.set(name, [...(membersByName.get(name) ?? []), column]);
  }
  const entries = Array.from(
    membersByName,
    ([name, members]) => `${JSON.stringify(name)}: ${valueOf(name, members)}`,
  );
  return `{ ${entries.join(', ')} }`;
}

function valueOf(name: string, members: readonly PlacedColumn[]): string {
  const last = members.at(-1);
  // Of columns with the same name the last one stays, as in the driver's own rows.
  if (last?.name === name) {
    const { at } = last;
    return `length${at} < 0 ? null : read${at}(messages, start${at}, start${at} + length${at})`;
  }
  const inner = members.map((member) => ({ ...member, name: member.name.slice(name.length + 1) }));
  return `length${inner[0]?.at} < 0 ? null : ${literal(inner)}`;
}
