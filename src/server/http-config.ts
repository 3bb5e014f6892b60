import type { QueryLimits } from './limits/query-limits.ts';
import type { RateLimits } from './limits/rate-limiter.ts';
import type { TrustedDocumentsMode } from './graphql/trusted-documents.ts';

/** What the front door lets in, and for how long. Times are in milliseconds; 0 lifts a limit. */
export interface FrontDoorConfig {
  /** Whether clients may ask for the schema, and are told the names that they may have meant. */
  readonly isIntrospectionEnabled: boolean;
  readonly queryLimits: QueryLimits;
  /** Bytes of one answer. */
  readonly answerBytesMax: number;
  /** How long a query may take. */
  readonly requestTimeoutMs: number;
  /** How long a client may take to send a request. */
  readonly receiveTimeoutMs: number;
  /**
   * How long requests are still accepted once the process was told to end, for those in front of it to
   * notice.
   */
  readonly drainMs: number;
  /** How late the event loop may be before requests are turned away. */
  readonly eventLoopDelayMaxMs: number;
  readonly connectionsMax: number;
  readonly rateLimits: RateLimits;
  /**
   * The operations that clients were built with, and what becomes of others; without a file there are none.
   */
  readonly trustedDocuments: { readonly file: string | null; readonly mode: TrustedDocumentsMode };
}
