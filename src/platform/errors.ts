/** The closed list of codes that a client can meet; the same as the enum ErrorCode of the API. */
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

export type ErrorCode = (typeof errorCodes)[number];

/** An answer, not a defect: its message is written for the client and is sent as it stands. */
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
  constructor(message = 'This needs a valid credential in the header `authorization: Bearer …`.') {
    super('UNAUTHENTICATED', message);
  }
}

/** A credential that was valid once. HTTP 401. */
export class TokenExpired extends Refusal {
  constructor() {
    super('TOKEN_EXPIRED', 'This credential has expired; sign in again.');
  }
}

/** Signed in, and still not allowed. */
export class Forbidden extends Refusal {
  constructor(message: string) {
    super('FORBIDDEN', message);
  }
}

export class BadUserInput extends Refusal {
  constructor(message: string) {
    super('BAD_USER_INPUT', message);
  }
}

/** A cursor that this ordering did not make, or that was changed on its way. */
export class InvalidCursor extends Refusal {
  constructor(argument: string) {
    super('INVALID_CURSOR', `The cursor in \`${argument}\` does not belong to this list.`);
  }
}

/** The database or the server cannot answer now; trying again later can help. */
export class Unavailable extends Refusal {
  constructor(message = 'The service is busy or restarting; try again shortly.') {
    super('UNAVAILABLE', message);
  }
}

/** One thing that is wrong with a mutation's input; `path` leads into it, such as `['input', 'title']`. */
export interface InputFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly path: readonly string[];
}

/** A mutation that was refused as a whole, with everything that was wrong: becomes the payload's `userErrors`. */
export class InputRefused extends Error {
  readonly faults: readonly InputFault[];

  constructor(faults: readonly InputFault[]) {
    super(faults.map((fault) => fault.message).join(' '));
    this.name = 'InputRefused';
    this.faults = faults;
  }
}

/** Also for rows of another tenant: a caller must not learn that they exist. */
export class NotFound extends InputRefused {
  constructor(type: string, path: readonly string[]) {
    super([{ code: 'NOT_FOUND', message: `There is no such ${type}.`, path }]);
  }
}
