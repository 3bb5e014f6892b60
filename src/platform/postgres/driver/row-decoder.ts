import type { FieldDef, PoolClient } from 'pg';
import { binaryColumnReader, columnReader, type ReadColumn } from './column-decoders.ts';

/**
 * Puts the rows of whole DataRow messages, one behind the other, into `rows`; which type they have is the word of whoever wrote
 * the statement.
 * @throws Error for a row with another number of columns
 */
export type ReadRows = (messages: Buffer, rows: unknown[]) => void;

/** How the rows of a prepared statement are asked for, and read. */
export interface PreparedRows {
  /** The format codes of the columns, as they end a Bind message. */
  readonly formats: Buffer;
  /** Null for a statement that has no rows. */
  readonly read: ReadRows | null;
}

/** A row's shape is a column list of the code, of which there are some hundreds; beyond, they are compiled anew. */
const shapesMax = 1000;

const withoutRows: PreparedRows = { formats: formatsOf([]), read: null };

/** The rows of one list of columns. */
interface Shape {
  /** Where all columns are texts. */
  readonly read: ReadRows;
  readonly prepared: PreparedRows;
}

/**
 * How rows are read, and what each connection has told about the statements that it keeps prepared. Those need not be described
 * again: rather than let their columns change PostgreSQL refuses to run them. One for each pool.
 */
export class RowReaders {
  readonly #shapes = new Map<string, Shape>();
  readonly #byClient = new WeakMap<PoolClient, Map<string, PreparedRows>>();

  /** Of a prepared statement; undefined when the connection has not told yet. */
  ofPrepared(client: PoolClient, name: string): PreparedRows | undefined {
    return this.#byClient.get(client)?.get(name);
  }

  /** Keeps what a connection told of a statement that is prepared now; null: that it has no rows. */
  keep(client: PoolClient, name: string, columns: readonly FieldDef[] | null): void {
    const prepared = columns === null ? withoutRows : this.#shapeOf(columns).prepared;
    const known = this.#byClient.get(client);
    if (known === undefined) this.#byClient.set(client, new Map([[name, prepared]]));
    else known.set(name, prepared);
  }

  /** Of rows whose columns are texts. */
  of(columns: readonly FieldDef[]): ReadRows {
    return this.#shapeOf(columns).read;
  }

  #shapeOf(columns: readonly FieldDef[]): Shape {
    const key = JSON.stringify(columns.map(({ name, dataTypeID }) => [name, dataTypeID]));
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const shape = shapeOf(columns);
    if (this.#shapes.size >= shapesMax) this.#shapes.clear();
    this.#shapes.set(key, shape);
    return shape;
  }
}

function shapeOf(columns: readonly FieldDef[]): Shape {
  const names = columns.map(({ name }) => name);
  const texts = columns.map(({ dataTypeID }) => columnReader(dataTypeID));
  const binaries = columns.map(({ dataTypeID }) => binaryColumnReader(dataTypeID));
  const mixed = texts.map((text, at) => binaries[at] ?? text);
  return {
    read: compile(names, texts),
    prepared: {
      formats: formatsOf(binaries.map((binary) => (binary === null ? 0 : 1))),
      read: compile(names, mixed),
    },
  };
}

function formatsOf(codes: readonly number[]): Buffer {
  const formats = Buffer.alloc(2 + codes.length * 2);
  formats.writeUInt16BE(codes.length, 0);
  for (const [index, code] of codes.entries()) formats.writeUInt16BE(code, 2 + index * 2);
  return formats;
}

/** A message's code, its length and the number of its columns. */
const headLength = 7;
const placeOfCount = 5;

/**
 * One literal for all columns: V8 gives all rows one shape, and writes each property at a place of its own, in a fifth of the
 * time that a loop over the columns takes. The names come from the code's statements and are quoted. Columns that
 * are named `owner.id`, `owner.name` … become an object `owner`, which is null when the first of them is.
 */
function compile(names: readonly string[], read: readonly ReadColumn[]): ReadRows {
  const constants = read.map((_column, at) => `const read${at} = read[${at}];`);
  const places = read.map(
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
        if (messages.readInt16BE(at + ${placeOfCount}) !== ${read.length}) refuse();
        at += ${headLength};
        ${places.join('\n')}
        rows.push(${literal(names.map((name, at) => ({ name, at })))});
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
