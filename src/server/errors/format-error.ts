import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { Refusal, type ErrorCode } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';

/**
 * An error as a client sees it: nothing in `extensions` but a code of the closed list and the request's id.
 */
type ClientError = GraphQLFormattedError & {
  readonly extensions: { readonly code: ErrorCode; readonly requestId: string };
};

/** Turns any error into an error for clients, and logs the part that clients may not see. Never throws. */
export type FormatError = (error: unknown, requestId: string) => ClientError;

/** The message of a defect. */
const maskedMessage = 'Internal error; please quote the request ID.';

/**
 * Creates the only function that decides what a client may read of an error: the message of a refusal, and
 * that of graphql-js about the client's own document and variables. Any other error is a defect, which may
 * contain SQL or data and is masked.
 */
export function createErrorFormatter(options: {
  readonly logger: Logger;
  readonly toApiError: (error: unknown) => unknown;
}): FormatError {
  return (error, requestId) => {
    const cause = causeOf(error);
    const refusal = options.toApiError(cause);
    const { code, message } = answerTo(error, cause, refusal);
    if (code === 'INTERNAL_SERVER_ERROR') {
      options.logger.error({ err: cause, requestId, path: pathOf(error) }, 'unhandled error');
    } else if (refusal !== cause) {
      // Without the stack: an outage is logged with every request, and our line of code does not matter.
      options.logger.warn({ reason: reasonOf(cause), requestId }, 'dependency unavailable');
    }
    return { message, ...positionOf(error), extensions: { code, requestId } };
  };
}

/** The error that was thrown first: graphql-js and Apollo Server wrap it, each once. */
function causeOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError !== undefined) cause = cause.originalError;
  return cause;
}

/** Returns the message of the database or its driver; ours is the same for every outage. */
function reasonOf(cause: unknown): string {
  let reason = cause;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  return reason instanceof Error ? reason.message : String(reason);
}

function answerTo(
  error: unknown,
  cause: unknown,
  refusal: unknown,
): { readonly code: ErrorCode; readonly message: string } {
  if (refusal instanceof Refusal) return refusal;
  if (isAboutTheRequest(error, cause)) return { code: 'BAD_USER_INPUT', message: wordsOf(error) };
  return { code: 'INTERNAL_SERVER_ERROR', message: maskedMessage };
}

/** Replaces Apollo Server's message about introspection, which addresses the operator. */
function wordsOf({ message, extensions }: GraphQLError): string {
  return extensions['validationErrorCode'] === 'INTROSPECTION_DISABLED'
    ? 'This server does not describe its schema: introspection is off.'
    : message;
}

/**
 * Returns true for an error of graphql-js about the client's document or variables. The same class is thrown
 * when a scalar cannot serialize one of our values, a defect that quotes the value: only that error has a
 * path and no place in the document.
 */
function isAboutTheRequest(error: unknown, cause: unknown): error is GraphQLError {
  if (!(error instanceof GraphQLError && cause instanceof GraphQLError)) return false;
  return error.path === undefined || cause.nodes !== undefined;
}

function positionOf(error: unknown): Pick<GraphQLFormattedError, 'locations' | 'path'> {
  if (!(error instanceof GraphQLError)) return {};
  const { locations, path } = error;
  return {
    ...(locations !== undefined && { locations }),
    ...(path !== undefined && { path }),
  };
}

function pathOf(error: unknown): readonly (string | number)[] | undefined {
  return error instanceof GraphQLError ? error.path : undefined;
}
