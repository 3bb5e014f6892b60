import type { Admitted } from '../limits/admission.ts';
import type { RateLimitKey, RateLimitStatus } from '../limits/rate-limiter.ts';
import type { MediaType } from './media-type.ts';
import { OperationRequest } from './operation-request.ts';
import type { Answer } from './operation-runner.ts';
import type { Transport } from './transport.ts';

/** A request on its way: each step reads what the steps before it left here. */
export class RequestState<Viewer> {
  readonly transport: Transport;
  mediaType: MediaType | null = null;
  viewer: Viewer | null = null;
  operation = new OperationRequest();
  /** Whether the operator gave the document to the server beforehand. */
  isTrusted = false;
  keys: readonly RateLimitKey[] = [];
  /** Null for a text that names no operation: whoever runs it says what is wrong with it. */
  admitted: Admitted | null = null;
  rateLimit: RateLimitStatus | null = null;
  /** The cost that was charged for a new document. */
  paid = 0;
  answer: Answer | null = null;

  constructor(transport: Transport) {
    this.transport = transport;
  }
}
