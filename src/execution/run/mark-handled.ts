import type { ObjectPlan } from '../plan/plan.ts';

/**
 * Handles rejections of the promises within a value, down to the properties that only the response will be
 * written from: a promise that rejects before that would otherwise end the process.
 */
export function markHandled(value: unknown, objects: readonly ObjectPlan[]): void {
  if (Array.isArray(value)) {
    for (const item of value) markHandled(item, objects);
    return;
  }
  if (!isObject(value)) return;
  ignoreRejections(value);
  for (const { properties } of objects) {
    for (const property of properties) markHandled(value[property.name], property.objects);
  }
}

/** Keeps promises that are no longer awaited, and those within their results, from ending the process. */
export function ignoreRejections(value: unknown): void {
  if (Array.isArray(value)) for (const entry of value) ignoreRejections(entry);
  else if (value instanceof Promise) value.then(ignoreRejections, () => {});
}

/** Returns true for everything that graphql-js would await. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return 'then' in value && typeof value.then === 'function';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
