import type { PoolClient } from 'pg';

/** Who is told of statements; while nobody is, nothing is measured. */
export interface StatementFollowers {
  readonly size: number;
  /** Called when a statement is sent; what it returns is called when it has ended. */
  begin(text: string): (durationMs: number, failed: boolean) => void;
}

/**
 * Makes a connection tell of every statement sent through it, by whoever: all of them, Prisma's BEGIN and COMMIT and
 * COPY included, go through its `query`. Those that the driver itself makes a query of are given so many milliseconds for their
 * answer, unless they say otherwise; who brings a query of their own sees to that.
 */
export function observeClient(client: PoolClient, followers: StatementFollowers, answerMs: number): void {
  const send = client.query.bind(client);
  Object.defineProperty(client, 'query', {
    configurable: true,
    value: (...given: readonly unknown[]): unknown => {
      const args = isSubmittable(given[0]) ? given : [withTimeLimit(given[0], answerMs), ...given.slice(1)];
      if (followers.size === 0) return Reflect.apply(send, null, args);
      const tell = followers.begin(textOf(args[0]));
      const startedAt = performance.now();
      return sendObserved(send, args, (failed) => tell(performance.now() - startedAt, failed));
    },
  });
}

// pg's `query` takes a query object that reports for itself, a callback as the last argument, or answers a promise.
function sendObserved(send: Function, args: readonly unknown[], end: (failed: boolean) => void): unknown {
  const [statement] = args;
  if (isSubmittable(statement)) {
    observeSubmittable(statement, end);
    return Reflect.apply(send, null, args);
  }
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    return Reflect.apply(send, null, [...args.slice(0, -1), observed(callback, end)]);
  }
  const answer: unknown = Reflect.apply(send, null, args);
  if (answer instanceof Promise) {
    answer.then(
      () => end(false),
      () => end(true),
    );
  }
  return answer;
}

function observeSubmittable(statement: object, end: (failed: boolean) => void): void {
  const callback: unknown = Reflect.get(statement, 'callback');
  if (typeof callback === 'function') {
    Reflect.set(statement, 'callback', observed(callback, end));
    return;
  }
  // After an error PostgreSQL says, too, that it is ready again.
  let hasEnded = false;
  const endOnce = (failed: boolean) => {
    if (!hasEnded) end(failed);
    hasEnded = true;
  };
  callBefore(statement, 'handleReadyForQuery', () => endOnce(false));
  callBefore(statement, 'handleError', () => endOnce(true));
}

function observed(callback: Function, end: (failed: boolean) => void) {
  return (error: unknown, ...rest: readonly unknown[]): unknown => {
    end(Boolean(error));
    return Reflect.apply(callback, null, [error, ...rest]);
  };
}

function withTimeLimit(statement: unknown, answerMs: number): unknown {
  if (typeof statement === 'string') return { text: statement, query_timeout: answerMs };
  if (typeof statement !== 'object' || statement === null || 'query_timeout' in statement) return statement;
  // Not a copy: of a statement by a template the text and the values are made when they are read.
  return Object.create(statement, { query_timeout: { value: answerMs, enumerable: true } });
}

function isSubmittable(statement: unknown): statement is object {
  return typeof statement === 'object' && statement !== null && 'submit' in statement;
}

function callBefore(target: object, method: string, listener: () => void): void {
  const original: unknown = Reflect.get(target, method);
  if (typeof original !== 'function') return;
  Object.defineProperty(target, method, {
    configurable: true,
    value: (...args: readonly unknown[]): unknown => {
      listener();
      return Reflect.apply(original, target, args);
    },
  });
}

function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  const text: unknown =
    typeof statement === 'object' && statement !== null ? Reflect.get(statement, 'text') : null;
  return typeof text === 'string' ? text : '';
}
