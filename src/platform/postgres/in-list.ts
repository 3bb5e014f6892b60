import sql, { type Sql } from './sql.ts';

/**
 * Whether a column is one of some UUIDs. Of a single one, which most requests ask for, PostgreSQL can keep the plan; of an array
 * it does not know how long it is, takes the general plan for dear, and plans anew each time.
 */
export function isOneOf(column: Sql, ids: readonly string[]): Sql {
  const [only, ...others] = ids;
  if (only !== undefined && others.length === 0) return sql`${column} = ${only}::uuid`;
  return sql`${column} = any(${ids}::uuid[])`;
}
