import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { HookHandlerDoneFunction } from 'fastify';

/** Ends a hook of Fastify's: at once where there is nothing to wait for, which an `async` hook would wait for all the same. */
export function proceed(work: MaybePromise<void>, done: HookHandlerDoneFunction): void {
  if (work instanceof Promise) work.then(() => done(), done);
  else done();
}
