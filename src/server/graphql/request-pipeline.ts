import type { IncomingHttpHeaders } from 'node:http';
import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { GraphQLSchema } from 'graphql';
import { Cancellation } from '../../platform/runtime/cancellation.ts';
import type { RequestProfile } from '../../platform/telemetry/request-stats.ts';
import type { RequestTrace } from '../../platform/telemetry/tracing.ts';
import { HttpRefusal, outcomeOf } from '../errors/http-errors.ts';
import { admit, costOfNew } from '../limits/admission.ts';
import type { InFlightRequests } from '../limits/in-flight-requests.ts';
import type { QueryLimits } from '../limits/query-limits.ts';
import type { RateLimiter, RateLimitKey, RateLimitStatus } from '../limits/rate-limiter.ts';
import type { OperationScope } from './apollo.ts';
import type { DocumentCache } from '../documents/document-cache.ts';
import { refuseForeignEncoding } from './graphql-request.ts';
import { chooseMediaType, type MediaType } from './media-type.ts';
import type { RequestState } from './request-state.ts';
import type { Answer } from './operation-runner.ts';
import type { OperationRequest } from './operation-request.ts';
import { readDocument } from '../documents/read-document.ts';
import type { TrustedDocuments } from '../documents/trusted-documents.ts';

/**
 * All that happens to a GraphQL request, in this order, each step before the next may cost anything; with the status codes that
 * a step can answer. The transport reads the body between `encoding` and `read`.
 */
export const requestSteps = [
  { name: 'negotiate', statuses: [406] },
  { name: 'identify', statuses: [401, 403, 503] },
  { name: 'encoding', statuses: [415] },
  { name: 'read', statuses: [400, 408, 413, 415] },
  { name: 'trust', statuses: [400, 403] },
  { name: 'chargeNew', statuses: [429] },
  { name: 'parse', statuses: [400] },
  { name: 'limit', statuses: [400] },
  { name: 'charge', statuses: [429] },
  { name: 'execute', statuses: [400, 405, 500, 503, 504] },
  { name: 'respond', statuses: [200] },
] as const;

type StepName = (typeof requestSteps)[number]['name'];

/** The place that a request came from, as a session records it. */
interface Client {
  readonly ipAddress: string;
  readonly userAgent: string | null;
}

/** All that an operation may use while it runs. */
interface RequestScope {
  readonly cancellation: Cancellation;
  /** Null where nothing is limited. */
  readonly rateLimit: RateLimitStatus | null;
  /** Null where the request is not traced. */
  readonly trace: RequestTrace | null;
}

/** The product's part of a request: its callers, their contexts, their rate limits. */
export interface CallerOptions<Viewer, Context extends OperationScope> {
  /** Null without credentials. @throws Unauthenticated, TokenExpired, Forbidden, Unavailable */
  readonly authenticate: (headers: IncomingHttpHeaders) => MaybePromise<Viewer | null>;
  /** A fresh context for one request; a plain object, because Apollo Server copies it. */
  readonly createContext: (
    viewer: Viewer | null,
    requestId: string,
    client: Client,
    scope: RequestScope,
  ) => Context;
  /** The rate limits that an operation is charged to. */
  readonly rateLimitKeysOf: (viewer: Viewer | null, ipAddress: string) => readonly RateLimitKey[];
}

/** The parts that the steps use. */
export interface PipelineOptions<Viewer, Context extends OperationScope> extends CallerOptions<
  Viewer,
  Context
> {
  readonly schema: GraphQLSchema;
  readonly limits: QueryLimits;
  readonly documents: DocumentCache;
  readonly trustedDocuments: TrustedDocuments;
  readonly rateLimiter: RateLimiter;
  readonly inFlight: InFlightRequests;
  /** Runs an operation that passed all checks; its errors are formatted. */
  readonly execute: (operation: OperationRequest, contextValue: Context) => MaybePromise<Answer>;
}

type Step<Viewer> = (state: RequestState<Viewer>) => MaybePromise<void>;

/** Takes every request, by whatever transport, through the same list. */
export class RequestPipeline<Viewer, Context extends OperationScope> {
  readonly #options: PipelineOptions<Viewer, Context>;
  readonly #beforeBody: readonly Step<Viewer>[];
  readonly #afterBody: readonly Step<Viewer>[];

  constructor(options: PipelineOptions<Viewer, Context>) {
    this.#options = options;
    const steps = requestSteps.map(({ name }) => this.#steps[name]);
    const read = requestSteps.findIndex(({ name }) => name === 'read');
    this.#beforeBody = steps.slice(0, read);
    this.#afterBody = steps.slice(read);
  }

  /** The steps that need no body. */
  open(state: RequestState<Viewer>): MaybePromise<void> {
    return follow(this.#beforeBody, state, 0);
  }

  /** The steps from the body to the answer. */
  answer(state: RequestState<Viewer>): MaybePromise<void> {
    return follow(this.#afterBody, state, 0);
  }

  readonly #steps: Readonly<Record<StepName, Step<Viewer>>> = {
    negotiate(state) {
      state.mediaType = acceptedMediaType(state.transport.headers.accept);
    },

    identify: (state) => {
      const { headers, stats } = state.transport;
      const { authenticate, inFlight } = this.#options;
      stats.isOperation = true;
      const viewer = stats.authenticating(() => inFlight.runWithTimeout(() => authenticate(headers)));
      if (viewer instanceof Promise) {
        return viewer.then((found) => {
          state.viewer = found;
        });
      }
      state.viewer = viewer;
      return undefined;
    },

    encoding: ({ transport }) => refuseForeignEncoding(transport.headers),

    read: (state) => {
      const { transport, viewer } = state;
      state.operation = transport.readOperation();
      state.keys = this.#options.rateLimitKeysOf(viewer, transport.ipAddress);
      transport.stats.callerKey = state.keys.find(({ kind }) => kind === 'user')?.key ?? null;
    },

    trust: (state) => {
      state.isTrusted = this.#options.trustedDocuments.resolve(state.operation);
    },

    chargeNew: (state) => {
      const { documents, rateLimiter } = this.#options;
      const { isTrusted, keys, operation } = state;
      const { query } = operation;
      if (query === undefined) return;
      operation.document = documents.get(query) ?? null;
      if (operation.document !== null || isTrusted) return;
      state.paid = costOfNew(query);
      rateLimiter.charge(keys, state.paid);
    },

    parse: ({ isTrusted, operation, viewer }) => {
      const { schema, limits } = this.#options;
      if (operation.query === undefined || operation.document !== null) return;
      const isFamiliar = isTrusted || viewer !== null;
      operation.document = readDocument(operation.query, { schema, limits, isFamiliar });
    },

    limit: (state) => {
      const { document, operationName, variables = {} } = state.operation;
      const operation = document?.operation(operationName);
      if (operation !== undefined) state.admitted = admit(operation, variables, this.#options.limits);
      const { stats } = state.transport;
      stats.kind = state.admitted?.kind ?? null;
      stats.operationName = state.admitted?.name ?? null;
    },

    charge: (state) => {
      const { admitted, keys, paid } = state;
      state.rateLimit = this.#options.rateLimiter.charge(keys, admitted?.cost ?? 0, paid);
    },

    execute: (state) => {
      const { connection, stats } = state.transport;
      const run = (cancellation: Cancellation) => this.#execute(state, cancellation);
      // A mutation is never cut short: its sender must learn what was written.
      const answer =
        state.admitted?.kind === 'mutation'
          ? run(new Cancellation())
          : this.#options.inFlight.runForClient(connection, run, stats.authenticationMs);
      if (answer instanceof Promise) {
        return answer.then((known) => {
          state.answer = known;
        });
      }
      state.answer = answer;
      return undefined;
    },

    respond: (state) => {
      const { admitted, answer, keys, mediaType, transport } = state;
      if (answer === null || mediaType === null)
        throw new Error('A request came to its end without an answer.');
      noteAnswer(transport.stats, answer);
      const wantsCost = transport.headers['graphql-cost'] === 'report';
      const length = transport.send(answer, mediaType, wantsCost ? admitted : null);
      this.#options.rateLimiter.chargeAnswer(keys, length);
      // The promises of the steps may keep the state for long.
      state.answer = null;
    },
  };

  #execute({ operation, rateLimit, transport, viewer }: RequestState<Viewer>, cancellation: Cancellation) {
    const { createContext, execute } = this.#options;
    const { headers, ipAddress, requestId, stats } = transport;
    const client = { ipAddress, userAgent: headers['user-agent'] ?? null };
    const scope = { cancellation, rateLimit, trace: stats.trace };
    return execute(operation, createContext(viewer, requestId, client, scope));
  }
}

/** Runs the steps from `first` on, without a promise as long as none of them waits. */
function follow<Viewer>(
  steps: readonly Step<Viewer>[],
  state: RequestState<Viewer>,
  first: number,
): MaybePromise<void> {
  for (let at = first; at < steps.length; at += 1) {
    const pending = steps[at]?.(state);
    if (pending instanceof Promise) return pending.then(() => follow(steps, state, at + 1));
  }
  return undefined;
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

function noteAnswer(stats: RequestProfile, { result: { data, errors } }: Answer): void {
  stats.isExecuted = data !== undefined;
  const code = errors?.[0]?.extensions?.['code'];
  stats.errorCode = typeof code === 'string' ? code : null;
  stats.outcome = outcomeOf(stats.errorCode);
}
