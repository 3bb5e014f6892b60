import type { ApolloServer } from '@apollo/server';
import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { GraphQLSchema } from 'graphql';
import type { IncomingHttpHeaders } from 'node:http';
import { Cancellation } from '../../platform/runtime/cancellation.ts';
import type { RequestTrace } from '../../platform/telemetry/tracing.ts';
import type { DocumentCache } from '../documents/document.ts';
import { readDocument } from '../documents/read-document.ts';
import type { TrustedDocuments } from '../documents/trusted-documents.ts';
import type { FormatError } from '../errors/format-error.ts';
import { HttpError } from '../errors/http-errors.ts';
import { admit, costOfNew } from '../limits/admission.ts';
import type { CredentialGuard } from '../limits/credential-guard.ts';
import type { InFlightRequests } from '../limits/in-flight-requests.ts';
import type { QueryLimits } from '../limits/query-limits.ts';
import type { RateLimiter, RateLimitKeys, RateLimitStatus } from '../limits/rate-limiter.ts';
import { clientDeviceOf, type ClientDevice } from './client-device.ts';
import type { OperationScope } from './apollo.ts';
import { chooseMediaType, mediaTypes, readOperation, refuseForeignEncoding } from './graphql-request.ts';
import { identify, refuse } from './identify-caller.ts';
import { respond, type ResponseBatcher } from './graphql-response.ts';
import type { Answer, OperationRunner } from './operation-runner.ts';
import type { OperationState, RequestState } from './request-state.ts';
import { chooseStreamType } from '../live/stream-type.ts';
import { streamSubscription } from '../live/stream-subscription.ts';
import type { RightsOptions } from '../live/live-caller.ts';
import type { LiveConnections } from '../live/live-connections.ts';

/** A step of every GraphQL request, with the status codes that the step can answer. */
interface RequestStep {
  readonly name: string;
  readonly statuses: readonly number[];
  readonly run: <Viewer, Context extends OperationScope>(
    state: RequestState<Viewer>,
    parts: PipelineParts<Viewer, Context>,
  ) => MaybePromise<void>;
}

interface OperationStep extends RequestStep {
  readonly run: <Viewer, Context extends OperationScope>(
    state: OperationState<Viewer>,
    parts: PipelineParts<Viewer, Context>,
  ) => MaybePromise<void>;
}

/** The steps that need no body, in order; each runs before the next step may cost anything. */
export const stepsBeforeBody: readonly RequestStep[] = [
  { name: 'negotiate', statuses: [406], run: negotiate },
  { name: 'identify', statuses: [401, 403, 429, 503], run: identify },
  { name: 'encoding', statuses: [415], run: refuseForeignEncoding },
];

/** The steps that read the document of an operation of any transport, in order. */
const stepsOfDocument: readonly OperationStep[] = [
  { name: 'trust', statuses: [400, 403], run: trust },
  { name: 'chargeNew', statuses: [429], run: chargeNew },
  { name: 'parse', statuses: [400], run: parse },
];

/** The steps that decide whether an operation of any transport may run, in order. */
const stepsOfAdmission: readonly OperationStep[] = [
  { name: 'limit', statuses: [400], run: limit },
  { name: 'charge', statuses: [429], run: charge },
];

/** The steps from the body to the response, in order. */
export const stepsFromBody: readonly RequestStep[] = [
  { name: 'read', statuses: [400, 408, 413, 415], run: read },
  ...stepsOfDocument,
  { name: 'refuse', statuses: [401, 403, 429, 503], run: refuse },
  ...stepsOfAdmission,
  { name: 'stream', statuses: [200], run: stream },
  { name: 'execute', statuses: [400, 405, 500, 503, 504], run: execute },
  { name: 'respond', statuses: [200], run: respond },
];

/** All steps of a GraphQL request, in order. */
export const requestSteps: readonly RequestStep[] = [...stepsBeforeBody, ...stepsFromBody];

/** The part of a request's context that the server provides. */
export interface RequestScope {
  readonly requestId: string;
  /** The origin of the request, as a session records it. */
  readonly device: ClientDevice;
  readonly cancellation: Cancellation;
  /** Null where nothing is limited. */
  readonly rateLimit: RateLimitStatus | null;
  /** Null where the request is not traced. */
  readonly trace: RequestTrace | null;
}

/** The product's part of a request: its callers, their contexts, their rate limits. */
export interface CallerOptions<Viewer, Context extends OperationScope> {
  /** Returns null without credentials. @throws Unauthenticated, TokenExpired, Forbidden, Unavailable */
  readonly authenticate: (headers: IncomingHttpHeaders) => MaybePromise<Viewer | null>;
  /** Creates the context of one request; a plain object, because Apollo Server copies it. */
  readonly createContext: (viewer: Viewer | null, scope: RequestScope) => Context;
  /** Returns the rate limits that an operation is charged to. */
  readonly rateLimitKeysOf: (viewer: Viewer | null, ipAddress: string) => RateLimitKeys;
  readonly rights: RightsOptions<Viewer>;
}

/** The parts that the steps use. */
export interface PipelineParts<Viewer, Context extends OperationScope> extends CallerOptions<
  Viewer,
  Context
> {
  readonly schema: GraphQLSchema;
  readonly limits: QueryLimits;
  readonly documents: DocumentCache;
  readonly trustedDocuments: TrustedDocuments;
  readonly rateLimiter: RateLimiter;
  readonly credentials: CredentialGuard;
  readonly inFlight: InFlightRequests;
  readonly runner: OperationRunner<Context>;
  readonly apollo: ApolloServer<Context>;
  readonly responses: ResponseBatcher;
  readonly connections: LiveConnections;
  readonly formatError: FormatError;
}

/**
 * Runs steps from the index `first` on, without a promise as long as no step waits. A credential that is not
 * accepted is reported before any error of a later step.
 */
export function runSteps<Viewer, Context extends OperationScope>(
  steps: readonly RequestStep[],
  state: RequestState<Viewer>,
  parts: PipelineParts<Viewer, Context>,
  first = 0,
): MaybePromise<void> {
  try {
    for (let index = first; index < steps.length; index += 1) {
      const pending = steps[index]?.run(state, parts);
      if (pending instanceof Promise) return pending.then(() => runSteps(steps, state, parts, index + 1));
    }
    return undefined;
  } catch (error) {
    throw state.refusal ?? error;
  }
}

/** Decides whether an operation that arrived by another transport may run. @throws Refusal */
export async function admitOperation<Viewer, Context extends OperationScope>(
  state: OperationState<Viewer>,
  parts: PipelineParts<Viewer, Context>,
): Promise<void> {
  for (const { run } of [...stepsOfDocument, ...stepsOfAdmission]) await run(state, parts);
}

function negotiate(state: RequestState<unknown>): void {
  const { accept } = state.request.headers;
  const mediaType = chooseMediaType(accept);
  state.streamType = chooseStreamType(accept);
  if (mediaType === null && state.streamType === null) {
    throw new HttpError(
      406,
      'BAD_USER_INPUT',
      'The header `accept` allows neither application/json nor application/graphql-response+json.',
    );
  }
  state.mediaType = mediaType ?? mediaTypes[0];
}

function read(state: RequestState<unknown>): void {
  state.operation = readOperation(state.request);
}

function trust<Viewer, Context extends OperationScope>(
  state: OperationState<Viewer>,
  { trustedDocuments }: PipelineParts<Viewer, Context>,
): void {
  state.isTrusted = trustedDocuments.resolve(state.operation);
}

function chargeNew<Viewer, Context extends OperationScope>(
  state: OperationState<Viewer>,
  { documents, rateLimiter }: PipelineParts<Viewer, Context>,
): void {
  const { operation } = state;
  if (operation.query === undefined) return;
  operation.document = documents.get(operation.query) ?? null;
  if (operation.document !== null || state.isTrusted) return;
  state.paid = costOfNew(operation.query);
  rateLimiter.charge(state.rateLimitKeys, state.paid);
}

function parse<Viewer, Context extends OperationScope>(
  { isTrusted, operation, viewer }: OperationState<Viewer>,
  { limits, schema }: PipelineParts<Viewer, Context>,
): void {
  if (operation.query === undefined || operation.document !== null) return;
  const isFamiliar = isTrusted || viewer !== null;
  operation.document = readDocument(operation.query, { schema, limits, isFamiliar });
}

function limit<Viewer, Context extends OperationScope>(
  state: OperationState<Viewer>,
  { limits }: PipelineParts<Viewer, Context>,
): void {
  const { document, operationName, variables = {} } = state.operation;
  const operation = document?.operation(operationName);
  if (operation === undefined) return;
  state.admitted = admit(operation, variables, limits);
  state.stats.kind = operation.kind;
  state.stats.operationName = operation.name;
}

function charge<Viewer, Context extends OperationScope>(
  state: OperationState<Viewer>,
  { rateLimiter }: PipelineParts<Viewer, Context>,
): void {
  state.rateLimit = rateLimiter.charge(state.rateLimitKeys, state.admitted?.cost ?? 0, state.paid);
}

/** Answers a subscription, which takes until its end; the steps that follow do nothing then. */
function stream<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  parts: PipelineParts<Viewer, Context>,
): MaybePromise<void> {
  const { admitted, request, streamType } = state;
  // Apollo Server rejects the others with the reason.
  if (admitted?.kind !== 'subscription' || streamType === null || request.method !== 'POST') return undefined;
  return streamSubscription(state, streamType, parts);
}

function execute<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  { apollo, createContext, inFlight, runner }: PipelineParts<Viewer, Context>,
): MaybePromise<void> {
  const { admitted, operation, rateLimit, reply, request, stats, viewer } = state;
  if (reply.sent) return undefined;
  const { headers, id: requestId, ip: ipAddress } = request;
  const cancellation = new Cancellation();
  const device = clientDeviceOf(headers, ipAddress);
  const context = createContext(viewer, { requestId, device, cancellation, rateLimit, trace: stats.trace });
  const answer = runner.execute(apollo, operation, context);
  if (!(answer instanceof Promise)) {
    state.answer = answer;
    return undefined;
  }
  // A mutation is never cancelled: its sender must learn what was written.
  if (admitted?.kind === 'mutation') return keepAnswer(state, answer);
  const query = { cancellation, connection: reply.raw, timeSpentMs: stats.authenticationMs };
  return keepAnswer(state, inFlight.waitForQuery(answer, query));
}

async function keepAnswer(state: RequestState<unknown>, answer: Promise<Answer>): Promise<void> {
  state.answer = await answer;
}
