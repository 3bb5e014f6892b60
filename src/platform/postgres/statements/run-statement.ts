import type { Cancellation } from '../../runtime/cancellation.ts';
import type { PreparableStatement } from '../database.ts';
import { toApiError } from '../database-errors.ts';
import { parameterFrom, type Driver } from '../driver/driver.ts';
import type { PooledClient } from '../pool/pooled-client.ts';
import type { ValidatingPool } from '../pool/validating-pool.ts';
import { cancelStatement } from './cancel-statement.ts';
import type { NameStatement } from './statement-names.ts';

/** The parts of a database that run statements. */
export interface StatementRunner {
  readonly pool: Pick<ValidatingPool, 'acquire' | 'giveBack'>;
  readonly driver: Driver;
  readonly nameOf: NameStatement;
  /** The time for a response, in milliseconds. */
  readonly responseMs: number;
}

/**
 * Runs one statement; a cancellation stops it in PostgreSQL, and nothing is sent after it.
 * @throws the reason of the cancellation, or the driver's error as an error of the API
 */
export async function runStatement<Row extends object>(
  { driver, nameOf, pool, responseMs }: StatementRunner,
  { text, values, usesCustomPlan = false }: PreparableStatement,
  cancellation: Cancellation | null,
): Promise<Row[]> {
  const name = usesCustomPlan ? '' : nameOf(text);
  let client: PooledClient | null = null;
  let stopListening: (() => void) | undefined;
  let isReusable = true;
  try {
    const statement = { name, text, values: values.map(parameterFrom) };
    if (cancellation !== null && cancellation.reason !== null) throw cancellation.reason;
    const connection = await pool.acquire(cancellation?.since ?? performance.now());
    client = connection;
    if (cancellation !== null && cancellation.reason !== null) throw cancellation.reason;
    stopListening = cancellation?.onCancel(() => cancelStatement(connection));
    connection.respondBy = performance.now() + responseMs;
    // After an error, or a late cancel request, it is unknown what the connection will still receive.
    isReusable = false;
    const rows = await driver.run<Row>(connection, statement);
    isReusable = cancellation === null || cancellation.reason === null;
    return rows;
  } catch (error) {
    // The original stack leads to the read of the socket; the caller's is the one that shows the cause.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw cancellation?.reason ?? toApiError(error);
  } finally {
    stopListening?.();
    if (client !== null) pool.giveBack(client, !isReusable);
  }
}
