import { Refusal, Unavailable } from '../errors.ts';

// PostgreSQL's error codes (its manual, appendix A). In these classes every code means that the server is
// unavailable: 08 connection exceptions, 53 insufficient resources.
const unavailableClasses: readonly string[] = ['08', '53'];
const unavailableCodes: ReadonlySet<string> = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '25006', // read_only_sql_transaction: the primary has become a standby
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'P1001', // Prisma: can't reach the server
  'P1002', // Prisma: the server was reached, but timed out
  'P1008', // Prisma: a socket timed out
  'P1017', // Prisma: the server closed the connection
  'P2024', // Prisma: no connection was free in time
  'P2034', // Prisma: write conflict or deadlock
  'P2037', // Prisma: too many connections
]);

const timeoutCodes: ReadonlySet<string> = new Set([
  '57014', // query_canceled: by statement_timeout
  '25P03', // idle_in_transaction_session_timeout
  '25P04', // transaction_timeout
]);

// pg and Prisma throw these without a code.
const unavailableMessages =
  /^(timeout exceeded when trying to connect|timeout expired|Query read timeout|Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|Transaction API error: Unable to start a transaction in the given time|Unable to start a transaction in the given time)/;
const timeoutMessages = /cannot be executed on an expired transaction|Transaction timed out/;

/**
 * Converts the error of a statement, Prisma's or direct, to an API error: `Unavailable` when the database is
 * unreachable, overloaded or out of connections, TIMEOUT when the statement ran too long. Other errors are
 * returned unchanged.
 */
export function toApiError(error: unknown): unknown {
  for (const cause of causesOf(error)) {
    if (timeoutCodes.has(codeOf(cause)) || timeoutMessages.test(messageOf(cause))) {
      return withCause(
        new Refusal('TIMEOUT', 'The operation took too long; request less, or try again later.'),
        error,
      );
    }
    if (isUnavailable(cause)) return withCause(new Unavailable(), error);
  }
  return error;
}

/** Returns the name of the violated unique constraint or index; null for other errors. */
export function uniqueViolationOf(error: unknown): string | null {
  for (const cause of causesOf(error)) {
    // pg names it in `constraint`, Prisma's adapter one level deeper.
    if (codeOf(cause) === '23505') {
      return textOf(cause, 'constraint') ?? textOf(property(cause, 'constraint'), 'index');
    }
  }
  return null;
}

// Prisma wraps the driver's error in `meta.driverAdapterError.cause`, other libraries in `cause`, and Node
// the attempts to reach several addresses in `errors`.
function* causesOf(error: unknown, depth = 0): Generator<unknown> {
  if (depth > 5 || typeof error !== 'object' || error === null) return;
  yield error;
  yield* causesOf(property(property(error, 'meta'), 'driverAdapterError'), depth + 1);
  yield* causesOf(property(error, 'cause'), depth + 1);
  const several = property(error, 'errors');
  if (Array.isArray(several)) yield* causesOf(several[0], depth + 1);
}

function isUnavailable(cause: unknown): boolean {
  const code = codeOf(cause);
  return (
    unavailableCodes.has(code) ||
    (code.length === 5 && unavailableClasses.includes(code.slice(0, 2))) ||
    unavailableMessages.test(messageOf(cause))
  );
}

// The driver adapter's errors carry PostgreSQL's code as `originalCode`.
function codeOf(cause: unknown): string {
  return textOf(cause, 'originalCode') ?? textOf(cause, 'code') ?? '';
}

function messageOf(cause: unknown): string {
  return textOf(cause, 'message') ?? '';
}

function textOf(value: unknown, name: string): string | null {
  const text = property(value, name);
  return typeof text === 'string' ? text : null;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function withCause(refusal: Refusal, cause: unknown): Refusal {
  refusal.cause = cause;
  return refusal;
}
