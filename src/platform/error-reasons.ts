import type { ErrorCode } from './errors.ts';

/** The closed list of the reasons of user errors; the same as the enum UserErrorReason of the API. */
export const errorReasons = [
  'REQUIRED',
  'TOO_SHORT',
  'TOO_LONG',
  'TOO_SMALL',
  'TOO_LARGE',
  'INVALID',
  'NOT_IN_FUTURE',
  'DUPLICATE',
  'NOT_FOUND',
  'TAKEN',
  'ALREADY_A_MEMBER',
  'ARCHIVED',
  'NOT_A_PARTICIPANT',
  'NOT_THE_AUTHOR',
  'NOT_ALLOWED',
  'OWNER_CANNOT_LEAVE',
  'LAST_OWNER',
  'KEY_REUSED',
  'WRONG_CREDENTIALS',
  'TOO_MANY_ATTEMPTS',
  'CONFLICT',
] as const;

/** A reason of the closed list. */
export type ErrorReason = (typeof errorReasons)[number];

/** The values that a reason is about. */
export interface ReasonParams {
  readonly min?: number;
  readonly max?: number;
  readonly retryAfterSeconds?: number;
}

/** Returns the reason of a user error for which none is given. */
export function reasonFor(code: ErrorCode): ErrorReason {
  switch (code) {
    case 'NOT_FOUND':
      return 'NOT_FOUND';
    case 'CONFLICT':
      return 'CONFLICT';
    case 'FORBIDDEN':
      return 'NOT_ALLOWED';
    case 'UNAUTHENTICATED':
      return 'WRONG_CREDENTIALS';
    case 'RATE_LIMITED':
      return 'TOO_MANY_ATTEMPTS';
    default:
      return 'INVALID';
  }
}
