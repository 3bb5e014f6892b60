import type { Pool } from 'pg';
import sql from 'sql-template-tag';
import { inTransaction } from './transaction.ts';

// PostgreSQL reads a sample of each table, which can still be a gigabyte where rows are long.
const analyzeMs = 300_000;

/**
 * Tells the planner how tables look now; to be called after many rows have been added, because until
 * PostgreSQL does it by itself, queries are planned for the tables as they were. `tables` are names with
 * commas between them, from the code.
 */
export async function analyze(pool: Pool, tables: string): Promise<void> {
  const statement = { text: `analyze ${tables}`, query_timeout: analyzeMs };
  await inTransaction(pool, async (client) => {
    await client.query(sql`select set_config('statement_timeout', ${String(analyzeMs)}, true)`);
    await client.query(statement);
  });
}
