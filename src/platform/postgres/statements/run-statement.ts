import type { PoolClient } from 'pg';
import type { Cancellation } from '../../runtime/cancellation.ts';
import type { TimeoutSweeper } from '../../runtime/timeout-sweeper.ts';
import { cancelStatement } from './cancel-statement.ts';
import type { BoundStatement, Driver } from '../driver/driver.ts';
import type { ValidatingPool } from '../pool/validating-pool.ts';

/** The parts of a database that run statements. */
export interface StatementRunner {
  readonly pool: Pick<ValidatingPool, 'connectSince'>;
  readonly driver: Driver;
  /** The connections that owe a response, with its deadline. */
  readonly unanswered: TimeoutSweeper<PoolClient>;
  /** The time for a response, in milliseconds. */
  readonly answerMs: number;
}

/**
 * Runs one statement; a cancellation stops it in PostgreSQL, and nothing is sent after it.
 * @throws the reason of the cancellation, or the driver's error
 */
export async function runStatement<Row extends object>(
  { answerMs, driver, pool, unanswered }: StatementRunner,
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
  const handle = unanswered.begin(client, answerMs);
  let isReusable = false;
  try {
    const rows = await driver.run<Row>(client, statement);
    isReusable = cancellation === null || cancellation.reason === null;
    return rows;
  } catch (error) {
    // The original stack leads to the read of the socket; the caller's is the one that shows the cause.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw cancellation?.reason ?? error;
  } finally {
    unanswered.end(handle);
    stopListening?.();
    // After an error, or a late cancel request, it is unknown what the connection will still receive.
    client.release(!isReusable);
  }
}
