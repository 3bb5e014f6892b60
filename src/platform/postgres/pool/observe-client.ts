import type { PoolClient } from 'pg';
import type { FollowStatement } from '../../telemetry/follow-statement.ts';
import { PreparedQuery } from '../driver/driver.ts';

type OnSettled = (failed: boolean) => void;

/** The followers of all statements of a database; while there are none, nothing is measured. */
export class StatementFollowers {
  #followers: readonly FollowStatement[] = [];

  /** Adds a follower; the returned function removes it. */
  add(follower: FollowStatement): () => void {
    this.#followers = [...this.#followers, follower];
    return () => {
      this.#followers = this.#followers.filter((other) => other !== follower);
    };
  }

  /** Reports that a statement is sent; returns the function to be called when the statement has settled. */
  begin(text: string): OnSettled | null {
    if (this.#followers.length === 0) return null;
    const startedAt = performance.now();
    const ends: ReturnType<FollowStatement>[] = [];
    for (const follow of this.#followers) ends.push(follow(text));
    return (failed) => {
      const durationMs = performance.now() - startedAt;
      for (const end of ends) end(durationMs, failed);
    };
  }
}

/**
 * Reports every statement of a connection to the followers, including Prisma's BEGIN and COMMIT and COPY.
 * Statements for which pg creates the query get a time limit for their response unless they have one.
 */
export function observeClient(client: PoolClient, followers: StatementFollowers, responseMs: number): void {
  const send = client.query.bind(client);
  const query = (given: unknown, ...rest: readonly unknown[]): unknown => {
    if (given instanceof PreparedQuery) {
      given.onSettled = followers.begin(given.text);
      return send(given);
    }
    const statement = isSubmittable(given) ? given : withTimeLimit(given, responseMs);
    const onSettled = followers.begin(textOf(statement));
    if (onSettled === null) return Reflect.apply(send, null, [statement, ...rest]);
    return observed(send, [statement, ...rest], onSettled);
  };
  Object.defineProperty(client, 'query', { configurable: true, value: query });
}

/**
 * pg's `query` takes an object that handles the response itself, or a callback as last argument, or returns a
 * promise.
 */
function observed(send: Function, args: readonly unknown[], onSettled: OnSettled): unknown {
  const [statement] = args;
  const callback = args.at(-1);
  if (isSubmittable(statement)) observeSubmittable(statement, onSettled);
  else if (typeof callback === 'function')
    return Reflect.apply(send, null, [...args.slice(0, -1), wrapped(callback, onSettled)]);
  const response: unknown = Reflect.apply(send, null, args);
  if (response instanceof Promise)
    response.then(
      () => onSettled(false),
      () => onSettled(true),
    );
  return response;
}

function observeSubmittable(statement: object, onSettled: OnSettled): void {
  const callback: unknown = Reflect.get(statement, 'callback');
  if (typeof callback === 'function') {
    Reflect.set(statement, 'callback', wrapped(callback, onSettled));
    return;
  }
  // After an error PostgreSQL reports readiness too.
  let isSettled = false;
  for (const [method, failed] of [
    ['handleReadyForQuery', false],
    ['handleError', true],
  ] as const) {
    const handle: unknown = Reflect.get(statement, method);
    if (typeof handle !== 'function') continue;
    Reflect.set(statement, method, (...args: readonly unknown[]): unknown => {
      if (!isSettled) onSettled(failed);
      isSettled = true;
      return Reflect.apply(handle, statement, args);
    });
  }
}

function wrapped(callback: Function, onSettled: OnSettled) {
  return (error: unknown, ...rest: readonly unknown[]): unknown => {
    onSettled(Boolean(error));
    return Reflect.apply(callback, null, [error, ...rest]);
  };
}

function withTimeLimit(statement: unknown, responseMs: number): unknown {
  if (typeof statement === 'string') return { text: statement, query_timeout: responseMs };
  if (typeof statement !== 'object' || statement === null || 'query_timeout' in statement) return statement;
  // Not a copy: the text and the values of a template are getters of its prototype.
  return Object.create(statement, { query_timeout: { value: responseMs, enumerable: true } });
}

function isSubmittable(statement: unknown): statement is object {
  return typeof statement === 'object' && statement !== null && 'submit' in statement;
}

function textOf(statement: unknown): string {
  const text: unknown =
    typeof statement === 'object' && statement !== null ? Reflect.get(statement, 'text') : statement;
  return typeof text === 'string' ? text : '';
}
