/** What the level executor meets and does not answer itself. */
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

/** Something that the level executor leaves to graphql-js, which says it in its own words. */
export class Bailout extends Error {
  readonly reason: BailoutReason;

  constructor(reason: BailoutReason) {
    super(reason);
    this.reason = reason;
  }
}

/** Keeps promises that nobody will wait for, and those that they come to, from ending the process when they fail. */
export function ignoreRejections(value: unknown): void {
  if (Array.isArray(value)) for (const entry of value) ignoreRejections(entry);
  else if (value instanceof Promise) value.then(ignoreRejections, ignore);
}

function ignore(): void {}

/** As graphql-js tells promises from values. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return 'then' in value && typeof value.then === 'function';
}
