import type { IncomingHttpHeaders } from 'node:http';
import {
  HeaderMap,
  type GraphQLRequest,
  type GraphQLResponse,
  type HTTPGraphQLRequest,
} from '@apollo/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Admission, Admitted } from './admission/admission.ts';
import type { OperationScope } from './apollo.ts';
import { Cancellation } from '../platform/cancellation.ts';
import { errorCodes } from '../platform/errors.ts';
import type { RequestTrace } from '../platform/tracing.ts';
import type { RequestProfile } from '../platform/request-profile.ts';
import { HttpRefusal, outcomeOf, retryAfterSeconds, statusOf } from './failure.ts';
import { readBody, readSearch, refuseForeignEncoding, refuseForgery } from './graphql-request.ts';
import { isLoopback } from './loopback.ts';
import { chooseMediaType, prefersPage, type MediaType } from './media-type.ts';
import type { Payer, RateLimiter, RateLimitStatus } from './rate-limiter.ts';
import { profileOf } from './request-profiles.ts';
import type { RequestsUnderWay } from './requests-under-way.ts';
import { sandboxPolicy } from './sandbox.ts';
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
export type Execute<Context> = (operation: GraphQLRequest, contextValue: Context) => Promise<GraphQLResponse>;

/** Who asks, and what their operation gets to work with. */
export interface Exchange<Viewer, Context extends OperationScope> {
  /** Null without credentials. @throws Unauthenticated, TokenExpired, Forbidden, Unavailable */
  readonly authenticate: (headers: IncomingHttpHeaders) => Promise<Viewer | null>;
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
    /** The page for browsers; null where there is no explorer. */
    readonly renderPage: ((hostname: string) => Promise<string>) | null;
  },
): void {
  const { admission, authenticate, execute, createContext, payersOf, rateLimiter, renderPage } = options;
  const { requests, trustedDocuments } = options;
  server.decorateRequest('answerType', null);
  server.decorateRequest('viewer', null);
  server.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    exposeHeadRoute: false,
    onRequest: [
      async (request, reply) => {
        if (request.method !== 'GET' || !prefersPage(request.headers.accept)) return undefined;
        return sendPage(reply, isLoopback(request.ip) ? request.hostname : request.ip, renderPage);
      },
      async (request) => {
        profileOf(request).isOperation = true;
        request.setDecorator('answerType', acceptedMediaType(request.headers.accept));
        const viewer = await profileOf(request).authenticating(() =>
          requests.identify(() => authenticate(request.headers)),
        );
        request.setDecorator('viewer', viewer);
        refuseForeignEncoding(request.headers);
      },
    ],
    handler: async (request, reply) => {
      const viewer = request.getDecorator<Viewer | null>('viewer');
      const operation = readOperation(request, trustedDocuments);
      const admitted = admit(admission, operation);
      const payers = payersOf(viewer, request.ip);
      const profile = profileOf(request);
      noteOperation(profile, admitted, payers);
      const rateLimit = rateLimiter.charge(payers, admitted?.cost ?? 0);
      const run = (cancellation: Cancellation) => {
        const permit = { cancellation, rateLimit, trace: profile.trace };
        const contextValue = createContext(viewer, request.id, clientOf(request), permit);
        return execute(operation, contextValue);
      };
      // A mutation is never cut short: whoever sent it must be told what was written.
      const response = await (admitted?.kind === 'mutation'
        ? run(new Cancellation())
        : requests.follow(reply.raw, run, profile.authenticationMs));
      noteAnswer(profile, response);
      const report = wantsCost(request.headers) ? admitted : null;
      return sendAnswer(reply, response, request.getDecorator<MediaType>('answerType'), report);
    },
  });
}

async function sendPage(
  reply: FastifyReply,
  hostname: string,
  renderPage: ((hostname: string) => Promise<string>) | null,
): Promise<FastifyReply> {
  if (renderPage === null) {
    throw new HttpRefusal(404, 'NOT_FOUND', 'There is no page here; operations are sent by POST, as JSON.');
  }
  const page = await renderPage(hostname);
  return reply
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

function noteAnswer(profile: RequestProfile, { body }: GraphQLResponse): void {
  if (body.kind !== 'single') return;
  const { data, errors } = body.singleResult;
  profile.isExecuted = data !== undefined;
  const code = errors?.[0]?.extensions?.['code'];
  profile.errorCode = typeof code === 'string' ? code : null;
  profile.outcome = outcomeOf(profile.errorCode);
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

/** `report` is the operation whose cost was asked for. */
function sendAnswer(
  reply: FastifyReply,
  response: GraphQLResponse,
  mediaType: MediaType,
  report: Admitted | null,
): FastifyReply {
  if (response.body.kind !== 'single') throw new Error('An operation was answered in parts.');
  const { errors, data } = response.body.singleResult;
  const extensions =
    report === null ? undefined : { cost: { requested: report.cost, actual: report.actualCost(data) } };
  const allow = response.http.headers.get('allow');
  if (allow !== undefined) void reply.header('allow', allow);
  if (errors?.some(({ extensions }) => extensions?.['code'] === 'UNAVAILABLE')) {
    void reply.header('retry-after', String(retryAfterSeconds));
  }
  return (
    reply
      .code(statusOfAnswer(response, mediaType))
      .header('cache-control', 'no-store')
      .type(mediaType)
      // Handed over at once: a promise for the text would keep a large answer alive while it is being sent.
      .send(JSON.stringify({ errors, data, extensions }))
  );
}

/**
 * GraphQL over HTTP, section "Status Codes": 200 for whatever was executed. What could not be executed is 400, but not
 * for application/json: there a client takes a 4xx for the word of some proxy and does not read it.
 */
function statusOfAnswer({ http, body }: GraphQLResponse, mediaType: MediaType): number {
  if (body.kind !== 'single' || body.singleResult.data !== undefined) return 200;
  // 500 is Apollo Server's way to say that it knows no status: the code knows one.
  const code = errorCodes.find((known) => known === body.singleResult.errors?.[0]?.extensions?.['code']);
  const status =
    http.status === undefined || http.status === 500
      ? statusOf(code ?? 'INTERNAL_SERVER_ERROR')
      : http.status;
  return status === 400 && mediaType.startsWith('application/json') ? 200 : status;
}
