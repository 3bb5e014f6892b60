import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { Refusal, type ErrorCode } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';

/**
 * An error as a client sees it: nothing in `extensions` but a code of the closed list and the request's id.
 */
type ClientError = GraphQLFormattedError & {
  readonly extensions: { readonly code: ErrorCode; readonly requestId: string };
};

/** Turns whatever was thrown into what a client may know of it; what it hides, it logs. Never throws. */
export type FormatError = (error: unknown, requestId: string) => ClientError;

/** All that a client learns of a defect. */
const maskedMessage = 'Internal error; please quote the request ID.';

/**
 * The one place that decides what a client may read of an error: a refusal's own words, and what graphql-js
 * says of the client's own document and variables. Anything else is a defect, whose text could hold SQL or
 * data: it is masked.
 *
 * `toApiError` recognises outages (a database that is away) and answers anything else as it came.
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
      // Without its stack: in an outage this is said with every request, and the place in our code tells
      // nothing.
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

/** What the database or its driver said: what was made of it is the same for every outage. */
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

/** Apollo Server's own words about introspection are for whoever configures it. */
function wordsOf({ message, extensions }: GraphQLError): string {
  return extensions['validationErrorCode'] === 'INTROSPECTION_DISABLED'
    ? 'This server does not describe its schema: introspection is off.'
    : message;
}

/**
 * Whether graphql-js complains about the client's document or variables. It raises the same class when a
 * scalar can't serialize a value of ours, which is a defect and quotes the value: that alone has a path and
 * no place in the document.
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
