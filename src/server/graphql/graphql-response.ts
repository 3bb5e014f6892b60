import type { FastifyReply } from 'fastify';
import { hash } from 'node:crypto';
import { errorCodes } from '../../platform/errors.ts';
import type { RequestStats } from '../../platform/telemetry/request-stats.ts';
import { outcomeOf, retryAfterSeconds, statusOf } from '../errors/http-errors.ts';
import { timingHeaders } from '../hooks/request-hooks.ts';
import type { HeaderList } from '../hooks/security-headers.ts';
import { reportCost } from '../limits/admission.ts';
import type { InFlightRequests } from '../limits/in-flight-requests.ts';
import type { RateLimiter } from '../limits/rate-limiter.ts';
import type { MediaType } from './graphql-request.ts';
import type { Answer } from './operation-runner.ts';
import type { RequestState } from './request-state.ts';

/**
 * The length from which a text is better encoded before it is sent: Node copies a shorter text together with
 * the headers, and of a longer text makes a copy and reserves three times its length for the encoded one.
 */
const longText = 5000;

/** The longest time that a response waits for others, in milliseconds: no longer than a request takes. */
const heldMsMax = 1;

/** The status of most responses. */
const executed = 200;
const notModified = 304;

/** The request headers that a public answer depends on. */
const publicVary = 'origin, accept, authorization, cookie, x-tenant';

/** A response that is ready to be sent. */
export interface ReadyResponse {
  readonly reply: FastifyReply;
  readonly stats: RequestStats;
  readonly status: number;
  readonly mediaType: MediaType;
  /** Headers that follow from the errors. */
  readonly headers: HeaderList;
  readonly payload: string | Buffer;
  /** Set for an answer that any client may keep, and must revalidate. */
  readonly etag?: string;
}

/** Writes the answer of a request as JSON, and drops its data. */
export function respond(
  state: RequestState<unknown>,
  { rateLimiter, responses }: { readonly rateLimiter: RateLimiter; readonly responses: ResponseBatcher },
): void {
  const { admitted, answer, mediaType, operation, reply, request, stats } = state;
  if (reply.sent) return;
  if (answer === null) throw new Error('The request has no answer.');
  const { data, errors } = answer.result;
  const code = errors?.[0]?.extensions?.['code'];
  stats.isExecuted = data !== undefined;
  stats.errorCode = typeof code === 'string' ? code : null;
  stats.outcome = stats.errorCode === null ? 'ok' : outcomeOf(stats.errorCode);
  const wantsCost = admitted !== null && request.headers['graphql-cost'] === 'report';
  const extensions = wantsCost ? { cost: reportCost(admitted, data, operation.variables) } : undefined;
  const status = data === undefined ? statusOfFailure(answer, mediaType) : executed;
  const headers = errors === undefined && answer.http === null ? [] : headersOfFailure(answer);
  const text = JSON.stringify({ errors, data, extensions });
  // The promises of this request were made before the database was waited for, and may keep the data for
  // long.
  answer.result.data = null;
  state.answer = null;
  const payload = text.length < longText ? text : Buffer.from(text);
  if (isPublic(state) && errors === undefined) putPublic(state, { headers, payload }, responses);
  else responses.put({ reply, stats, status, mediaType, headers, payload });
  chargeUse(state, rateLimiter, text.length);
}

/**
 * Charges what a request took beyond its cost. A cancelled statement may settle later, and is charged then.
 */
export function chargeUse(
  { admitted, paid, rateLimitKeys: keys, stats }: RequestState<unknown>,
  rateLimiter: RateLimiter,
  characters: number,
): void {
  const { statementMs } = stats;
  rateLimiter.chargeUse(keys, { statementMs, characters, cost: (admitted?.cost ?? 0) + paid });
  stats.onLateStatement = (lateMs) => {
    rateLimiter.chargeUse(keys, { statementMs: lateMs, characters: 0, cost: 0 });
  };
}

/** Returns true for a trusted document that is sent by GET, without credentials, and is the same for all. */
function isPublic({ isTrusted, operation, request }: RequestState<unknown>): boolean {
  if (!isTrusted || request.method !== 'GET') return false;
  const { authorization = '', cookie = '' } = request.headers;
  if (authorization !== '' || cookie !== '') return false;
  return operation.document?.operation(operation.operationName)?.isPublic === true;
}

/** Answers with an entity tag (RFC 9110, section 8.8.3), or with 304 if the client has this answer. */
function putPublic(
  { mediaType, reply, request, stats }: RequestState<unknown>,
  { headers, payload }: Pick<ReadyResponse, 'headers' | 'payload'>,
  responses: ResponseBatcher,
): void {
  const etag = `"${hash('sha256', payload, 'base64url')}"`;
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  const isKnown = known?.includes(etag) === true || known?.includes('*') === true;
  const status = isKnown ? notModified : executed;
  responses.put({ reply, stats, status, mediaType, headers, payload: isKnown ? '' : payload, etag });
}

/**
 * Returns the status of an operation that was not executed (GraphQL over HTTP, section "Status Codes"): not
 * 400 for application/json, because clients take a 4xx of that type for a proxy's and do not read it.
 */
function statusOfFailure({ http, result }: Answer, mediaType: MediaType): number {
  // 500 is Apollo Server's status for an unknown error; the code is more exact.
  const code = errorCodes.find((known) => known === result.errors?.[0]?.extensions?.['code']);
  const said = http?.status;
  const status = said === undefined || said === 500 ? statusOf(code ?? 'INTERNAL_SERVER_ERROR') : said;
  return status === 400 && mediaType.startsWith('application/json') ? executed : status;
}

function headersOfFailure({ http, result: { errors } }: Answer): HeaderList {
  const allow = http?.headers.get('allow');
  const isUnavailable = errors?.some((error) => error.extensions?.['code'] === 'UNAVAILABLE') ?? false;
  return [
    ...(allow === undefined ? [] : ['allow', allow]),
    ...(isUnavailable ? ['retry-after', String(retryAfterSeconds)] : []),
  ];
}

/**
 * Creates the writer of responses, which bypasses Fastify: Fastify would check each of the many headers of a
 * short response.
 */
export function createResponseWriter(
  securityHeaders: HeaderList,
  inFlight: Pick<InFlightRequests, 'isDraining'>,
): (response: ReadyResponse) => void {
  return ({ reply, stats, status, mediaType, headers, payload, etag }) => {
    reply.hijack();
    const length = String(Buffer.byteLength(payload));
    const all = status === notModified ? [] : ['content-type', mediaType, 'content-length', length];
    if (etag === undefined) all.push('cache-control', 'no-store');
    // Any cache may keep it, and revalidates it for each request, so that no cache answers with old data.
    else all.push('cache-control', 'public, no-cache', 'etag', etag, 'vary', publicVary);
    all.push(...securityHeaders, 'x-request-id', stats.requestId);
    all.push(...timingHeaders(stats), ...headers);
    if (inFlight.isDraining) all.push('connection', 'close');
    reply.raw.writeHead(status, all).end(payload);
  };
}

/**
 * Writes the responses of one event-loop turn together, at its end. Sending to a sleeping process wakes it
 * up, which on the same machine takes longer than the sending; of responses in a row only the first has to.
 */
export class ResponseBatcher<Response = ReadyResponse> {
  readonly #write: (response: Response) => void;
  readonly #clock: { now(): number };
  #held: Response[] = [];
  #heldSince = 0;

  /** `clock` is in milliseconds. */
  constructor(write: (response: Response) => void, clock: { now(): number } = performance) {
    this.#write = write;
    this.#clock = clock;
  }

  /** Writes a response soon: at the end of the turn, or once the first of the batch has waited too long. */
  put(response: Response): void {
    const now = this.#clock.now();
    if (this.#held.length === 0) {
      this.#heldSince = now;
      setImmediate(this.#release);
    }
    this.#held.push(response);
    if (now - this.#heldSince >= heldMsMax) this.#release();
  }

  /** Runs in the async context of any request: a response must contain all that belongs to its request. */
  readonly #release = (): void => {
    const held = this.#held;
    this.#held = [];
    for (const response of held) {
      try {
        this.#write(response);
      } catch (error) {
        // Ends the process without stopping the other responses, and without blaming the last request.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
}
