import type { Pool, PoolClient } from 'pg';
import { toApiError } from './database-errors.ts';

/**
 * Runs work in a transaction on one connection.
 * @throws Unavailable when no connection is free in time or the database is unreachable; else what the work
 * threw
 */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await connect(pool);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    const isUndone = await client.query('rollback').then(
      () => true,
      () => false,
    );
    // If the rollback fails, closing the connection rolls back too.
    client.release(!isUndone);
    throw toApiError(error);
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw toApiError(error);
  }
}
