import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestStats } from '../../platform/telemetry/request-stats.ts';
import type { Refusal } from '../../platform/errors.ts';
import type { Admitted } from '../limits/admission.ts';
import type { RateLimitKeys, RateLimitStatus } from '../limits/rate-limiter.ts';
import type { MediaType, OperationRequest } from './graphql-request.ts';
import type { Answer } from './operation-runner.ts';

/** A request on its way through the pipeline: each step reads the results of the steps before. */
export interface RequestState<Viewer> {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly stats: RequestStats;
  mediaType: MediaType;
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
  answer: Answer | null;
}
