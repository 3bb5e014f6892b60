import type { MaybePromise } from '@whatwg-node/promise-helpers';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { OpenTrace } from './tracing.ts';

/** How a request ended: answered, refused because of what it asked, or failed because of us. */
export type Outcome = 'ok' | 'refused' | 'failed';

/** What one request did, written as it goes; read when it is over. Times are in milliseconds. */
export class RequestProfile {
  readonly requestId: string;
  /** Null where the request is not traced. */
  trace: OpenTrace | null = null;
  readonly #startedAt = performance.now();
  /** As the client named it; null for an anonymous operation, and for what is no operation. */
  operationName: string | null = null;
  /** Whether it was sent to be executed, whatever became of it. */
  isOperation = false;
  kind: 'query' | 'mutation' | 'subscription' | null = null;
  /** Whether the operation was executed; false for what was refused before, and for what is no operation. */
  isExecuted = false;
  /** The user who asked; null for strangers. */
  callerKey: string | null = null;
  /** Null until it is known; then it goes before what the HTTP status says. */
  outcome: Outcome | null = null;
  /** Of the first error that was answered. */
  errorCode: string | null = null;
  /** Whether there was a credential, and it was accepted. */
  isAuthenticated = false;
  authenticationMs = 0;
  /** Of the statements, those that finding out who asks took. */
  authenticationStatements = 0;
  statements = 0;
  /** Added up, so that statements that ran at the same time may come to more than the request took. */
  statementMs = 0;
  cacheHits = 0;
  cacheMisses = 0;
  /** Whether it has been told that it is over. */
  isTold = false;

  constructor(requestId: string) {
    this.requestId = requestId;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Does the work of finding out who asks, and keeps what it took, also when it is refused. */
  authenticating<Viewer>(work: () => MaybePromise<Viewer | null>): MaybePromise<Viewer | null> {
    const startedAt = performance.now();
    const accept = (viewer: Viewer | null) => {
      this.isAuthenticated = viewer !== null;
      this.#keepAuthentication(startedAt);
      return viewer;
    };
    const refuse = (reason: unknown): never => {
      this.#keepAuthentication(startedAt);
      throw reason;
    };
    try {
      const found = work();
      return found instanceof Promise ? found.then(accept, refuse) : accept(found);
    } catch (error) {
      return refuse(error);
    }
  }

  #keepAuthentication(startedAt: number): void {
    this.authenticationMs = performance.now() - startedAt;
    this.authenticationStatements = this.statements;
  }
}

/**
 * Which request a piece of work is for, wherever in the code it runs: statements are sent by services and
 * caches that live as long as the process and know no request.
 */
export class RequestProfiles {
  readonly #storage = new AsyncLocalStorage<RequestProfile>();

  /** Null for what no request waits for. */
  get current(): RequestProfile | null {
    return this.#storage.getStore() ?? null;
  }

  /** All that `work` does, and all that follows from it, is done for that request. */
  run<Result>(profile: RequestProfile, work: () => Result): Result {
    return this.#storage.run(profile, work);
  }
}
