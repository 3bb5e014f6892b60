import sql, { type Sql } from 'sql-template-tag';

/**
 * A condition that a column equals one of some UUIDs. A single id, the usual case, is compared by `=`:
 * PostgreSQL keeps that plan, but plans `= any` with an array on every execution, as it does not know the
 * length.
 */
export function inList(column: Sql, ids: readonly string[]): Sql {
  const [only, ...others] = ids;
  if (only !== undefined && others.length === 0) return sql`${column} = ${only}::uuid`;
  return sql`${column} = any(${ids}::uuid[])`;
}
