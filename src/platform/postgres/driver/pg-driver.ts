import type { Client, QueryResultRow } from 'pg';
import type { BoundStatement, Driver } from './driver.ts';

/** Leaves everything to pg: the fallback for a version of pg that the binary driver does not support. */
export class PgDriver implements Driver {
  attach(): void {}

  async run<Row extends object>(client: Client, { name, text, values }: BoundStatement): Promise<Row[]> {
    const statement = name === '' ? { text, values } : { name, text, values };
    const { fields, rows } = await client.query<Row & QueryResultRow>(statement);
    if (fields.some((field) => field.name.includes('.'))) for (const row of rows) nestOwners(row);
    return rows;
  }
}

/** Moves columns named `owner.…` into an object `owner`, which is null when the first of these columns is. */
function nestOwners(row: object): void {
  const owners = new Map<string, Record<string, unknown> | null>();
  for (const [name, value] of Object.entries(row)) {
    const dot = name.indexOf('.');
    if (dot < 0) continue;
    Reflect.deleteProperty(row, name);
    const ownerName = name.slice(0, dot);
    if (!owners.has(ownerName)) owners.set(ownerName, value === null ? null : {});
    const owner = owners.get(ownerName) ?? null;
    if (owner !== null) owner[name.slice(dot + 1)] = value;
  }
  for (const [name, owner] of owners) {
    if (owner !== null) nestOwners(owner);
    Reflect.set(row, name, owner);
  }
}
