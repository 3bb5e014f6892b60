import type { OpenTrace } from './tracing.ts';

/** The result of a request: answered, rejected because of the request itself, or failed in the server. */
export type Outcome = 'ok' | 'refused' | 'failed';

/** Measurements of one request, written while the request runs. Times are in milliseconds. */
export class RequestStats {
  readonly requestId: string;
  /** By `performance.now()`. */
  readonly startedAt = performance.now();
  /** Null for a request that is not traced. */
  trace: OpenTrace | null = null;
  /**
   * The name chosen by the client; null for an anonymous operation, and for a request without an operation.
   */
  operationName: string | null = null;
  /** True for a request that was sent to execute an operation, with any result. */
  isOperation = false;
  kind: 'query' | 'mutation' | 'subscription' | null = null;
  /** True once the operation was executed; false for a request that was rejected before. */
  isExecuted = false;
  /** The user who sent the request; null without a credential. */
  callerKey: string | null = null;
  /** Null until known; takes precedence over the HTTP status. */
  outcome: Outcome | null = null;
  /** The code of the first error in the response. */
  errorCode: string | null = null;
  /** True once a credential was accepted. */
  isAuthenticated = false;
  authenticationMs = 0;
  /** The part of `statements` that authentication sent. */
  authenticationStatements = 0;
  statements = 0;
  /** A sum: concurrent statements may add up to more than the duration of the request. */
  statementMs = 0;
  cacheHits = 0;
  cacheMisses = 0;

  constructor(requestId: string) {
    this.requestId = requestId;
  }
}
