import type { FieldDef, PoolClient } from 'pg';

/** Makes a row of the texts that PostgreSQL sent; which type it has is the word of whoever wrote the statement. */
export type ReadRow = <Row>(texts: readonly (string | null)[]) => Row;

/** A row's shape is a column list of the code, of which there are some hundreds; beyond, they are compiled anew. */
const readersMax = 1000;

/**
 * How rows are read, and what each connection has told about the statements that it keeps prepared. Those need not be described
 * again: rather than let their columns change PostgreSQL refuses to run them. One for each pool.
 */
export class RowReaders {
  readonly #byColumns = new Map<string, ReadRow>();
  readonly #byClient = new WeakMap<PoolClient, Map<string, ReadRow | null>>();

  /** Of a prepared statement; null when it has no rows, undefined when the connection has not told yet. */
  ofPrepared(client: PoolClient, name: string): ReadRow | null | undefined {
    return this.#byClient.get(client)?.get(name);
  }

  keep(client: PoolClient, name: string, reader: ReadRow | null): void {
    const known = this.#byClient.get(client);
    if (known === undefined) this.#byClient.set(client, new Map([[name, reader]]));
    else known.set(name, reader);
  }

  /** Of rows with these columns, by the connection's parsers, which all of a pool have in common. */
  of(client: PoolClient, columns: readonly FieldDef[]): ReadRow {
    const key = JSON.stringify(columns.map(({ name, dataTypeID }) => [name, dataTypeID]));
    const known = this.#byColumns.get(key);
    if (known !== undefined) return known;
    const reader = compile(client, columns);
    if (this.#byColumns.size >= readersMax) this.#byColumns.clear();
    this.#byColumns.set(key, reader);
    return reader;
  }
}

/**
 * One literal for all columns: V8 gives all rows one shape and reads each property at a place of its own, in a fifth of the
 * time that a loop over the columns takes. The names come from the code's statements and are quoted. Columns that
 * are named `owner.id`, `owner.name` … become an object `owner`, which is null when the first of them is.
 */
function compile(client: PoolClient, columns: readonly FieldDef[]): ReadRow {
  const parsers = columns.map(({ dataTypeID }): unknown => client.getTypeParser(dataTypeID, 'text'));
  const constants = columns.map((_column, at) => `const parse${at} = parsers[${at}];`);
  // oxlint-disable-next-line no-implied-eval, no-new-func
  const make = new Function(
    'parsers',
    `'use strict'; ${constants.join(' ')} return (texts) => (${literal(columns.map(({ name }, at) => ({ name, at })))});`,
  );
  return make(parsers);
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
  if (last?.name === name) return `texts[${last.at}] === null ? null : parse${last.at}(texts[${last.at}])`;
  const inner = members.map((member) => ({ ...member, name: member.name.slice(name.length + 1) }));
  return `texts[${inner[0]?.at}] === null ? null : ${literal(inner)}`;
}
