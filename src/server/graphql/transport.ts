import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestProfile } from '../../platform/telemetry/request-stats.ts';
import type { Admitted } from '../limits/admission.ts';
import type { MediaType } from './media-type.ts';
import type { OperationRequest } from './operation-request.ts';
import type { Answer } from './operation-runner.ts';

/** One request as a transport received it. */
export interface Transport {
  readonly requestId: string;
  readonly headers: IncomingHttpHeaders;
  readonly ipAddress: string;
  readonly stats: RequestProfile;
  /** Emits `close` when the client is gone. */
  readonly connection: EventEmitter;
  /** The operation in the message. @throws BadUserInput */
  readOperation(): OperationRequest;
  /**
   * Sends the answer, and lets go of its data; `report` is the operation whose cost the client wants to know.
   * Returns the length of the answer in characters.
   */
  send(answer: Answer, mediaType: MediaType, report: Admitted | null): number;
}
