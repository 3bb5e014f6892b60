import type { Pool } from 'pg';
import sql from 'sql-template-tag';
import { inTransaction } from './transaction.ts';

// PostgreSQL reads a sample of each table, which can still be a gigabyte where rows are long.
const analyzeMs = 300_000;

/**
 * Updates the planner's statistics of tables; to be called after inserting many rows, as queries are planned
 * for the old tables until PostgreSQL analyzes them itself. `tables` are comma-separated names from the code.
 */
export async function analyze(pool: Pool, tables: string): Promise<void> {
  const statement = { text: `analyze ${tables}`, query_timeout: analyzeMs };
  await inTransaction(pool, async (client) => {
    await client.query(sql`select set_config('statement_timeout', ${String(analyzeMs)}, true)`);
    await client.query(statement);
  });
}
