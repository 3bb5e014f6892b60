import type { ErrorReason, ReasonParams } from './error-reasons.ts';

/** The closed list of error codes; the same as the enum ErrorCode of the API. */
export const errorCodes = [
  'UNAUTHENTICATED',
  'TOKEN_EXPIRED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'BAD_USER_INPUT',
  'INVALID_CURSOR',
  'RATE_LIMITED',
  'QUERY_TOO_COMPLEX',
  'TIMEOUT',
  'UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
] as const;

/** A code of the closed list. */
export type ErrorCode = (typeof errorCodes)[number];

/** An expected error: its message is written for the client and is sent unchanged. */
export class Refusal extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A credential that is missing, unknown, revoked or malformed. HTTP 401. */
export class Unauthenticated extends Refusal {
  constructor(message = 'A valid credential is required in the header `authorization: Bearer …`.') {
    super('UNAUTHENTICATED', message);
  }
}

/** A credential that has expired. HTTP 401. */
export class TokenExpired extends Refusal {
  constructor() {
    super('TOKEN_EXPIRED', 'This credential has expired; sign in again.');
  }
}

/** An authenticated caller without the permission. */
export class Forbidden extends Refusal {
  constructor(message: string) {
    super('FORBIDDEN', message);
  }
}

/** An invalid document, variable or argument. */
export class BadUserInput extends Refusal {
  constructor(message: string) {
    super('BAD_USER_INPUT', message);
  }
}

/** A cursor of another ordering, or one that was modified. */
export class InvalidCursor extends Refusal {
  constructor(argument: string) {
    super('INVALID_CURSOR', `The cursor in \`${argument}\` does not belong to this list.`);
  }
}

/** A dependency or the server is temporarily unavailable; a retry can succeed. */
export class Unavailable extends Refusal {
  constructor(message = 'The service is busy or restarting; try again shortly.') {
    super('UNAVAILABLE', message);
  }
}

/** An error in the input of a mutation; `path` leads to the field, such as `['input', 'title']`. */
export interface FieldError {
  readonly code: ErrorCode;
  /** Absent for the usual reason of the code. */
  readonly reason?: ErrorReason;
  readonly params?: ReasonParams;
  readonly message: string;
  readonly path: readonly string[];
}

/** A mutation that is refused as a whole, with all of its errors: they become the payload's `userErrors`. */
export class InvalidInput extends Refusal {
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super(errors[0]?.code ?? 'BAD_USER_INPUT', errors.map(({ message }) => message).join(' '));
    this.errors = errors;
  }
}

/** An object that does not exist or belongs to another tenant: the error is the same for both. */
export class NotFound extends InvalidInput {
  constructor(type: string, path: readonly string[]) {
    super([{ code: 'NOT_FOUND', message: `There is no such ${type}.`, path }]);
  }
}
