import type { CheckHealth } from '../domains/operations/health.ts';
import type { Monitoring } from '../domains/operations/monitoring.ts';
import type { Viewer } from '../domains/session/model.ts';
import type { Device } from '../domains/session/service.ts';
import type { Cancellation } from '../platform/runtime/cancellation.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { RequestTrace } from '../platform/telemetry/tracing.ts';
import type { ExplainedStatement } from '../platform/postgres/explain-statements.ts';
import type { DomainServices, Loaders } from './domains.ts';

export type { Loaders } from './domains.ts';

/** The services that mutations call, and the measurements of the process. */
export type Services = DomainServices & {
  readonly monitoring: Monitoring & { readonly health: CheckHealth };
};

/**
 * Runs a query as the viewer of `context`, in a read-only transaction, and returns the statements that the
 * query sent.
 */
export type ExplainOperation = (
  context: Pick<RequestContext, 'viewer' | 'requestId' | 'device' | 'rateLimit'>,
  operation: string,
  variables: Readonly<Record<string, unknown>>,
) => Promise<readonly ExplainedStatement[]>;

/** The context of a request, as resolvers see the request. */
export interface RequestContext {
  readonly requestId: string;
  /** Cancels the request's reads once the client has disconnected or the request has timed out. */
  readonly cancellation: Cancellation;
  /** State of the tightest rate limit that applies to the request; null if none applies. */
  readonly rateLimit: {
    readonly limit: number;
    readonly cost: number;
    readonly remaining: number;
    readonly resetAt: Date;
  } | null;
  /** The request's trace; null if the request is not traced. */
  readonly trace: RequestTrace | null;
  /** The owner of the request's credential; null without a credential, and after signing out. */
  readonly caller: Viewer | null;
  /**
   * The user whose rights apply to reads: the caller, or the user who signed in within the payload of a
   * sign-in.
   */
  readonly viewer: Viewer | null;
  readonly device: Device;
  readonly clock: Clock;
  readonly services: Services;
  readonly loaders: Loaders;
  readonly explain: ExplainOperation;
  /** Discards everything loaded so far, and applies the rights of `viewer` from now on. */
  resetFor(viewer: Viewer | null): void;
  /** Drops the credential: the rest of the request is unauthenticated. */
  signOutCaller(): void;
}
