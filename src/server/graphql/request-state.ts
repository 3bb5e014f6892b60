import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestStats } from '../../platform/telemetry/request-stats.ts';
import type { Refusal } from '../../platform/errors.ts';
import type { Admitted } from '../limits/admission.ts';
import type { RateLimitKeys, RateLimitStatus } from '../limits/rate-limiter.ts';
import type { MediaType, OperationRequest } from './graphql-request.ts';
import type { StreamType } from '../live/stream-type.ts';
import type { Answer } from './operation-runner.ts';

/** An operation of any transport on its way through the pipeline. */
export interface OperationState<Viewer> {
  readonly stats: RequestStats;
  viewer: Viewer | null;
  /** The reason why the credential is not accepted; null once the operation is known to be allowed. */
  refusal: Refusal | null;
  operation: OperationRequest;
  /** True for a document that the operator gave to the server in advance. */
  isTrusted: boolean;
  rateLimitKeys: RateLimitKeys;
  /** The cost that was charged for a new document. */
  paid: number;
  /** Null for a text without the requested operation, which graphql-js reports. */
  admitted: Admitted | null;
  rateLimit: RateLimitStatus | null;
}

/** A request on its way through the pipeline: each step reads the results of the steps before. */
export interface RequestState<Viewer> extends OperationState<Viewer> {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  mediaType: MediaType;
  /** The media type of a streamed response; null if the client accepts none. */
  streamType: StreamType | null;
  answer: Answer | null;
}
