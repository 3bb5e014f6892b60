import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** One column's value of a row to be copied. */
export type CopyValue = string | number | boolean | Date | null;

// A statement of this many rows ends long before the shortest statement timeout, whatever the number of rows
// in all.
const statementRowsMax = 2000;
const pieceRowsMax = 200;

/**
 * Adds rows by COPY, the quickest way that PostgreSQL has, and answers how many. Within a transaction: the
 * rows go in by several statements. The names must come from the code.
 * @throws DatabaseError for the first row that breaks a constraint
 */
export async function copyRows(
  client: PoolClient,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly CopyValue[])[],
): Promise<number> {
  for (let start = 0; start < rows.length; start += statementRowsMax) {
    const copy = client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`));
    await pipeline(Readable.from(pieces(rows.slice(start, start + statementRowsMax))), copy);
  }
  return rows.length;
}

function* pieces(rows: readonly (readonly CopyValue[])[]): Generator<string> {
  for (let start = 0; start < rows.length; start += pieceRowsMax) {
    yield rows
      .slice(start, start + pieceRowsMax)
      .map((row) => `${row.map(asCopyText).join('\t')}\n`)
      .join('');
  }
}

function asCopyText(value: CopyValue): string {
  if (value === null) return String.raw`\N`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'string') return String(value);
  return value.replaceAll(/[\\\n\r\t]/g, escaped);
}

/** The text format of COPY ends columns by tabs and rows by line ends, so neither may stand in a value. */
function escaped(character: string): string {
  return escapes.get(character) ?? character;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', String.raw`\\`],
  ['\n', String.raw`\n`],
  ['\r', String.raw`\r`],
  ['\t', String.raw`\t`],
]);
