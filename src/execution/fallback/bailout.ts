/** A reason for which the level executor gives up an operation while running it. */
export type BailoutReason =
  | 'a field threw'
  | 'null where there must be a value'
  | 'a value is an error'
  | 'a value is a function'
  | 'a value is a promise'
  | 'no array for a list'
  | 'no object for an object'
  | 'no value after serialization'
  | 'no possible type'
  | 'no answer for each parent';

/** Thrown to give up an operation: graphql-js finishes it, and words its errors. */
export class Bailout extends Error {
  readonly reason: BailoutReason;

  constructor(reason: BailoutReason) {
    super(reason);
    this.reason = reason;
  }
}
