import type { FastifyReply } from 'fastify';
import { errorCodes } from '../../platform/errors.ts';
import type { Admitted } from '../limits/admission.ts';
import type { Answer } from './operation-runner.ts';
import { retryAfterSeconds, statusOf } from '../errors/http-errors.ts';
import type { MediaType } from './media-type.ts';
import type { ResponseBatcher } from './response-batcher.ts';
import type { HeaderList } from '../hooks/security-headers.ts';

/**
 * From here on a text is better encoded before it is sent: Node puts a shorter one and the headers in one
 * piece of memory, of a longer one it makes another copy first, and takes thrice its length for the encoded
 * one.
 */
const longText = 5000;

/** What is sent besides an operation's result. */
interface Sending {
  readonly mediaType: MediaType;
  /** The operation, if its cost was asked for; else null. */
  readonly report: Admitted | null;
  /** Called when the answer leaves. */
  readonly headers: () => HeaderList;
}

/**
 * Puts an operation's answer into the batcher, and lets go of its data. It is written past Fastify, which
 * would look at each of its headers again: they are known, and there are many of them for a short answer.
 */
export function sendAnswer(
  reply: FastifyReply,
  answer: Answer,
  { mediaType, report, headers }: Sending,
  batcher: ResponseBatcher,
): number {
  const { errors, data } = answer.result;
  const extensions =
    report === null ? undefined : { cost: { requested: report.cost, actual: report.actualCost(data) } };
  const status = statusOfAnswer(answer, mediaType);
  const own = ownHeaders(answer);
  const text = JSON.stringify({ errors, data, extensions });
  // The promises for this answer were made before the database was waited for, and may keep it for long.
  answer.result.data = null;
  const payload = text.length < longText ? text : Buffer.from(text);
  // Not through a promise, which would keep a large answer alive while it is being sent.
  batcher.put(() => {
    reply.hijack();
    const length = String(Buffer.byteLength(payload));
    const described = ['content-type', mediaType, 'content-length', length, 'cache-control', 'no-store'];
    reply.raw.writeHead(status, [...described, ...headers(), ...own]).end(payload);
  });
  return text.length;
}

/** Headers that follow from what was answered. */
function ownHeaders({ http, result: { errors } }: Answer): HeaderList {
  const allow = http?.headers.get('allow');
  const isUnavailable = errors?.some((error) => error.extensions?.['code'] === 'UNAVAILABLE') ?? false;
  return [
    ...(allow === undefined ? [] : ['allow', allow]),
    ...(isUnavailable ? ['retry-after', String(retryAfterSeconds)] : []),
  ];
}

/**
 * GraphQL over HTTP, section "Status Codes": 200 for whatever was executed. What could not be executed is
 * 400, but not for application/json: there a client takes a 4xx for the word of some proxy and does not read
 * it.
 */
function statusOfAnswer({ http, result }: Answer, mediaType: MediaType): number {
  if (result.data !== undefined) return 200;
  // 500 is Apollo Server's way to say that it knows no status: the code knows one.
  const code = errorCodes.find((known) => known === result.errors?.[0]?.extensions?.['code']);
  const said = http?.status;
  const status = said === undefined || said === 500 ? statusOf(code ?? 'INTERNAL_SERVER_ERROR') : said;
  return status === 400 && mediaType.startsWith('application/json') ? 200 : status;
}
