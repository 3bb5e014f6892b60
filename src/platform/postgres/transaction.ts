import type { Pool, PoolClient } from 'pg';
import { toRefusal } from './database-errors.ts';

/**
 * Does work on one connection, of which PostgreSQL keeps all or nothing.
 * @throws Unavailable when no connection is free in time or the database is away; else what the work threw
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
    // What can't be rolled back is closed, which undoes it too.
    client.release(!isUndone);
    throw toRefusal(error);
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw toRefusal(error);
  }
}
