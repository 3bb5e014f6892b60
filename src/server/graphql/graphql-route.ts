import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';
import type { IncomingHttpHeaders } from 'node:http';
import { HeaderMap, type GraphQLRequest, type HTTPGraphQLRequest } from '@apollo/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Admission, Admitted } from '../limits/admission.ts';
import type { OperationScope } from './apollo.ts';
import { Cancellation } from '../../platform/runtime/cancellation.ts';
import type { RequestTrace } from '../../platform/telemetry/tracing.ts';
import type { RequestProfile } from '../../platform/telemetry/request-stats.ts';
import type { Answer } from './operation-runner.ts';
import { HttpRefusal, outcomeOf } from '../errors/http-errors.ts';
import { sendAnswer } from './graphql-response.ts';
import { readBody, readSearch, refuseForeignEncoding, refuseForgery } from './graphql-request.ts';
import { isLoopback } from '../loopback.ts';
import { Outbox } from './response-batcher.ts';
import { chooseMediaType, prefersPage, type MediaType } from './media-type.ts';
import type { Payer, RateLimiter, RateLimitStatus } from '../limits/rate-limiter.ts';
import { proceed } from '../hooks/proceed.ts';
import { profileOf, timingHeaders } from '../hooks/request-observer.ts';
import type { RequestsUnderWay } from '../limits/in-flight-requests.ts';
import { sandboxPolicy } from '../routes/sandbox.ts';
import type { HeaderList } from '../hooks/security-headers.ts';
import type { TrustedDocuments } from './trusted-documents.ts';

/** Where a request came from, as a session records it. */
interface Client {
  readonly ipAddress: string;
  readonly userAgent: string | null;
}

/** What an operation may run with. */
interface Permit {
  readonly cancellation: Cancellation;
  /** Null where nothing is limited. */
  readonly rateLimit: RateLimitStatus | null;
  /** Null where the request is not traced. */
  readonly trace: RequestTrace | null;
}

/** Runs an operation that was let in; its errors are formatted. */
export type Execute<Context> = (operation: GraphQLRequest, contextValue: Context) => MaybePromise<Answer>;

/** Who asks, and what their operation gets to work with. */
export interface Exchange<Viewer, Context extends OperationScope> {
  /** Null without credentials. @throws Unauthenticated, TokenExpired, Forbidden, Unavailable */
  readonly authenticate: (headers: IncomingHttpHeaders) => MaybePromise<Viewer | null>;
  /** A fresh context for one request; a plain object, because Apollo Server copies it. */
  readonly createContext: (
    viewer: Viewer | null,
    requestId: string,
    client: Client,
    permit: Permit,
  ) => Context;
  /** Who an operation is charged to. */
  readonly payersOf: (viewer: Viewer | null, ipAddress: string) => readonly Payer[];
}

/**
 * `/graphql`: POST for every operation, GET for queries, as GraphQL over HTTP has it. Checked in this order, each
 * before the next may cost anything: the Accept header, the credential, the body's type and size, the operation.
 */
export function registerGraphql<Viewer, Context extends OperationScope>(
  server: FastifyInstance,
  options: Exchange<Viewer, Context> & {
    readonly admission: Admission;
    readonly execute: Execute<Context>;
    readonly rateLimiter: RateLimiter;
    readonly requests: RequestsUnderWay;
    readonly trustedDocuments: TrustedDocuments;
    /** What protects JSON. */
    readonly securityHeaders: HeaderList;
    /** The page for browsers; null where there is no explorer. */
    readonly renderPage: ((hostname: string) => Promise<string>) | null;
  },
): void {
  const { admission, authenticate, execute, createContext, payersOf, rateLimiter, renderPage } = options;
  const { requests, securityHeaders, trustedDocuments } = options;
  const outbox = new Outbox();
  server.decorateRequest('answerType', null);
  server.decorateRequest('viewer', null);
  server.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    exposeHeadRoute: false,
    onRequest: [
      (request, reply, done) => {
        if (request.method !== 'GET' || !prefersPage(request.headers.accept)) {
          done();
          return;
        }
        sendPage(reply, isLoopback(request.ip) ? request.hostname : request.ip, renderPage).catch(done);
      },
      (request, _reply, done) => {
        const { headers } = request;
        const profile = profileOf(request);
        profile.isOperation = true;
        request.setDecorator('answerType', acceptedMediaType(headers.accept));
        const viewer = profile.authenticating(() => requests.identify(() => authenticate(headers)));
        const keep = (found: Viewer | null) => {
          request.setDecorator('viewer', found);
          refuseForeignEncoding(headers);
        };
        proceed(
          handleMaybePromise(() => viewer, keep),
          done,
        );
      },
    ],
    handler: (request, reply) => {
      const viewer = request.getDecorator<Viewer | null>('viewer');
      const operation = readOperation(request, trustedDocuments);
      const admitted = admit(admission, operation);
      const client = clientOf(request);
      const payers = payersOf(viewer, client.ipAddress);
      const profile = profileOf(request);
      noteOperation(profile, admitted, payers);
      const rateLimit = rateLimiter.charge(payers, admitted?.cost ?? 0);
      const run = (cancellation: Cancellation) => {
        const permit = { cancellation, rateLimit, trace: profile.trace };
        return execute(operation, createContext(viewer, request.id, client, permit));
      };
      // A mutation is never cut short: whoever sent it must be told what was written.
      const answer =
        admitted?.kind === 'mutation'
          ? run(new Cancellation())
          : requests.follow(reply.raw, run, profile.authenticationMs);
      const send = (known: Answer) => {
        noteAnswer(profile, known);
        const mediaType = request.getDecorator<MediaType>('answerType');
        const report = wantsCost(request.headers) ? admitted : null;
        const headers = () => [...securityHeaders, ...headersOf(request.id, profile, requests)];
        sendAnswer(reply, known, { mediaType, report, headers }, outbox);
      };
      if (!(answer instanceof Promise)) return send(answer);
      // Not returned: Fastify would answer when the promise resolves, and the answer is still in the outbox then.
      answer.then(send).catch((error: unknown) => void reply.send(error));
    },
  });
}

async function sendPage(
  reply: FastifyReply,
  hostname: string,
  renderPage: ((hostname: string) => Promise<string>) | null,
): Promise<void> {
  if (renderPage === null) {
    throw new HttpRefusal(404, 'NOT_FOUND', 'There is no page here; operations are sent by POST, as JSON.');
  }
  const page = await renderPage(hostname);
  void reply
    .header('content-security-policy', sandboxPolicy)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page);
}

function acceptedMediaType(accept: string | undefined): MediaType {
  const mediaType = chooseMediaType(accept);
  if (mediaType !== null) return mediaType;
  throw new HttpRefusal(
    406,
    'BAD_USER_INPUT',
    'The header `accept` allows neither application/json nor application/graphql-response+json.',
  );
}

function readOperation(request: FastifyRequest, trustedDocuments: TrustedDocuments): GraphQLRequest {
  if (request.method === 'POST') return trustedDocuments.resolve(readBody(request.body));
  refuseForgery(request.headers);
  return { ...trustedDocuments.resolve(readSearch(request.query)), http: getRequest };
}

/** What our limits refuse is refused as a request, whatever the media type: nobody takes it for an answer of GraphQL's. */
function admit(admission: Admission, operation: GraphQLRequest): Admitted | null {
  if (operation.query === undefined) return null;
  return admission.admit({
    text: operation.query,
    operationName: operation.operationName,
    variables: operation.variables ?? {},
  });
}

function noteOperation(profile: RequestProfile, admitted: Admitted | null, payers: readonly Payer[]): void {
  profile.kind = admitted?.kind ?? null;
  profile.operationName = admitted?.name ?? null;
  profile.callerKey = payers.find(({ kind }) => kind === 'user')?.key ?? null;
}

function noteAnswer(profile: RequestProfile, { result: { data, errors } }: Answer): void {
  profile.isExecuted = data !== undefined;
  const code = errors?.[0]?.extensions?.['code'];
  profile.errorCode = typeof code === 'string' ? code : null;
  profile.outcome = outcomeOf(profile.errorCode);
}

/** What else goes with every answer, whatever was asked. */
function headersOf(requestId: string, profile: RequestProfile, { isDraining }: RequestsUnderWay): HeaderList {
  const headers = ['x-request-id', requestId, ...timingHeaders(profile)];
  return isDraining ? [...headers, 'connection', 'close'] : headers;
}

function wantsCost(headers: IncomingHttpHeaders): boolean {
  return headers['graphql-cost'] === 'report';
}

/** Tells Apollo Server that mutations are not allowed here; it reads nothing else of it. */
const getRequest: HTTPGraphQLRequest = {
  method: 'GET',
  headers: new HeaderMap(),
  search: '',
  body: undefined,
};

function clientOf(request: FastifyRequest): Client {
  return { ipAddress: request.ip, userAgent: request.headers['user-agent'] ?? null };
}
