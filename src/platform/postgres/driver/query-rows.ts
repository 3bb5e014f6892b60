import type { PoolClient } from 'pg';
import type { Cancellation } from '../../runtime/cancellation.ts';
import type { TimeoutSweeper } from '../../runtime/timeout-sweeper.ts';
import { cancelStatement } from '../cancel-statement.ts';
import type { CheckedPool } from '../pool/validating-pool.ts';
import { PreparedQuery, type BoundStatement } from './prepared-query.ts';
import type { RowReaders } from './row-decoder.ts';

/** What statements are run with. */
export interface StatementWay {
  readonly pool: Pick<CheckedPool, 'connectSince'>;
  readonly readers: RowReaders;
  /** Which connections owe an answer. */
  readonly unanswered: TimeoutSweeper<PoolClient>;
  /** How long PostgreSQL may owe one, in milliseconds. */
  readonly answerMs: number;
}

/**
 * Runs one statement. With a cancellation PostgreSQL stops it when that says so, and nothing is sent any more afterwards.
 * @throws the reason of the cancellation, or what the driver throws
 */
export async function queryRows<Row>(
  { answerMs, pool, readers, unanswered }: StatementWay,
  statement: BoundStatement,
  cancellation: Cancellation | null,
): Promise<Row[]> {
  cancellation?.throwIfCancelled();
  const client = await pool.connectSince(cancellation?.since ?? performance.now());
  if (cancellation !== null && cancellation.reason !== null) {
    client.release();
    throw cancellation.reason;
  }
  const stopListening = cancellation?.onCancel(() => cancelStatement(client));
  const place = unanswered.begin(client, answerMs);
  let isUsable = false;
  try {
    const rows = await answerOf<Row>(client, readers, statement);
    isUsable = cancellation === null || cancellation.reason === null;
    return rows;
  } catch (error) {
    // It leads to whatever read the socket; whoever looks for the cause needs to see who asked.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw cancellation?.reason ?? error;
  } finally {
    unanswered.end(place);
    stopListening?.();
    // After an error nobody knows what the connection still has to say.
    client.release(!isUsable);
  }
}

function answerOf<Row>(client: PoolClient, readers: RowReaders, statement: BoundStatement): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    client.query(
      new PreparedQuery<Row>(statement, client, readers, (error, rows) => {
        if (error === null || error === undefined) resolve(rows);
        else reject(error);
      }),
    );
  });
}
