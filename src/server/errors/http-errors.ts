import { errorCodes, Refusal, type ErrorCode } from '../../platform/errors.ts';
import type { Outcome } from '../../platform/telemetry/request-stats.ts';
import type { FormatError } from './format-error.ts';

/** The largest request body, in bytes. */
export const bodySizeMax = 256 * 1024;

/** An error with an HTTP status of its own, where the code alone does not determine the status. */
export class HttpError extends Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message);
    this.status = status;
    this.headers = headers;
  }
}

/** A URL without a route. */
export class UnknownUrl extends HttpError {
  constructor() {
    super(404, 'NOT_FOUND', 'There is nothing at this URL.');
  }
}

/** Seconds after which a client should retry while the server is unavailable. */
export const retryAfterSeconds = 5;

/** The response to a request that failed as a whole. */
export interface Failure {
  readonly code: ErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text: `{"errors":[{"message","extensions":{"code","requestId"}}]}`. */
  readonly body: string;
}

/**
 * Describes the response to a request that failed as a whole; the parts that clients may not read are masked
 * and logged.
 */
export function describeFailure(error: unknown, requestId: string, formatError: FormatError): Failure {
  const reason = fromFastify(error) ?? error;
  const formatted = formatError(reason, requestId);
  const { code } = formatted.extensions;
  return {
    code,
    status: reason instanceof HttpError ? reason.status : statusOf(code),
    headers: { ...headersOf(code), ...(reason instanceof HttpError && reason.headers) },
    body: JSON.stringify({ errors: [formatted] }),
  };
}

/** Returns the HTTP status of a request that failed as a whole with this code. */
export function statusOf(code: ErrorCode): number {
  return statusByCode[code];
}

/** Returns the outcome of a response whose first error has this code. */
export function outcomeOf(code: string): Outcome {
  const known = errorCodes.find((each) => each === code);
  return known !== undefined && statusOf(known) < 500 ? 'refused' : 'failed';
}

const statusByCode: Readonly<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  TOKEN_EXPIRED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  BAD_USER_INPUT: 400,
  INVALID_CURSOR: 400,
  RATE_LIMITED: 429,
  QUERY_TOO_COMPLEX: 400,
  TIMEOUT: 504,
  UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
};

/** Returns the headers that RFC 6750 (section 3) and RFC 9110 (section 10.2.3) require for a code. */
function headersOf(code: ErrorCode): Readonly<Record<string, string>> {
  if (code === 'UNAUTHENTICATED' || code === 'TOKEN_EXPIRED') {
    return { 'www-authenticate': 'Bearer error="invalid_token"' };
  }
  return code === 'UNAVAILABLE' ? { 'retry-after': String(retryAfterSeconds) } : {};
}

/** Translates Fastify's own errors; returns null for any other error. */
function fromFastify(error: unknown): HttpError | null {
  if (!(error instanceof Error) || error instanceof Refusal) return null;
  switch ('code' in error ? error.code : undefined) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new HttpError(413, 'BAD_USER_INPUT', `The body is larger than ${bodySizeMax} bytes.`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpError(415, 'BAD_USER_INPUT', 'The body must have the content type application/json.', {
        'accept-post': 'application/json',
      });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new HttpError(400, 'BAD_USER_INPUT', 'The body is empty.');
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      // The parser refuses these two keys with the same error, and a client that sent them must be able to
      // see why.
      return new HttpError(
        400,
        'BAD_USER_INPUT',
        'The body is not valid JSON, or it has a key `__proto__` or `constructor.prototype`.',
      );
    case 'FST_ERR_BAD_URL':
      return new HttpError(400, 'BAD_USER_INPUT', 'The URL has a broken percent-encoding.');
    default:
      // Only Fastify sets a status on an error: for a body that is incomplete, or longer or shorter than its
      // header says.
      return 'statusCode' in error && error.statusCode === 400
        ? new HttpError(400, 'BAD_USER_INPUT', 'The body could not be read to its end.')
        : null;
  }
}
