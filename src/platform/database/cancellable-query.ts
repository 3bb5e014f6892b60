import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import type { Cancellation } from '../cancellation.ts';
import { cancelStatement } from './cancel-statement.ts';

/**
 * Runs one statement that PostgreSQL stops when `cancellation` says so; nothing is sent any more afterwards.
 * @throws the reason of the cancellation, or what the driver throws
 */
export async function queryCancellably<Row extends QueryResultRow>(
  pool: Pool,
  statement: QueryConfig,
  cancellation: Cancellation,
): Promise<Row[]> {
  cancellation.throwIfCancelled();
  const client = await pool.connect();
  if (cancellation.reason !== null) {
    client.release();
    throw cancellation.reason;
  }
  // While it is lent out, nobody else listens: a connection that breaks would end the process.
  client.on('error', ignore);
  const stopListening = cancellation.onCancel(() => cancelStatement(client));
  let isUsable = false;
  try {
    const { rows } = await client.query<Row>(statement);
    isUsable = cancellation.reason === null;
    return rows;
  } catch (error) {
    throw cancellation.reason ?? error;
  } finally {
    stopListening();
    client.off('error', ignore);
    // As the pool does by itself: after an error nobody knows what the connection still has to say.
    client.release(!isUsable);
  }
}

/** The statement's own promise is rejected by the same event, and that one is heard. */
function ignore(): void {}
