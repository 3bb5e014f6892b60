import type { QueryLimits } from './limits/query-limits.ts';
import type { RateLimits } from './limits/rate-limiter.ts';
import type { TrustedDocumentsMode } from './documents/trusted-documents.ts';

/** The limits of the HTTP server. Times are in milliseconds; 0 turns a limit off. */
export interface HttpConfig {
  /** True if clients may read the schema and get suggestions for misspelt names. */
  readonly isIntrospectionEnabled: boolean;
  readonly queryLimits: QueryLimits;
  /** Bytes of one answer. */
  readonly answerBytesMax: number;
  /** Bounds a query. */
  readonly requestTimeoutMs: number;
  /** Bounds the time in which a client sends a request. */
  readonly receiveTimeoutMs: number;
  /** The time for which requests are still accepted after the signal to stop, until load balancers notice. */
  readonly drainMs: number;
  /** The delay of the event loop from which on requests are rejected. */
  readonly eventLoopDelayMaxMs: number;
  readonly connectionsMax: number;
  /** The origins whose pages may use this server, as `isOriginPattern` allows them. */
  readonly allowedOrigins: readonly string[];
  readonly rateLimits: RateLimits;
  /**
   * The operations that clients were built with, and what becomes of others; without a file there are none.
   */
  readonly trustedDocuments: { readonly file: string | null; readonly mode: TrustedDocumentsMode };
  readonly live: LiveLimits;
}

/** The limits of live connections. Times are in milliseconds. */
export interface LiveLimits {
  /** The time over which connections are closed when the server stops. */
  readonly drainMs: number;
  /** The time in which a WebSocket must send `connection_init`. */
  readonly initTimeoutMs: number;
  /** Live connections of one user. */
  readonly socketsPerUser: number;
  readonly subscriptionsPerSocket: number;
}
