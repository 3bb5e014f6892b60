import { HeaderMap } from '@apollo/server';
import { handleMaybePromise } from '@whatwg-node/promise-helpers';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpRefusal } from '../errors/http-errors.ts';
import { profileOf, timingHeaders } from '../hooks/request-observer.ts';
import type { HeaderList } from '../hooks/security-headers.ts';
import type { Admitted } from '../limits/admission.ts';
import type { InFlightRequests } from '../limits/in-flight-requests.ts';
import { isLoopback } from '../loopback.ts';
import { sandboxPolicy } from '../routes/sandbox.ts';
import type { OperationScope } from './apollo.ts';
import { readBody, readSearch, refuseForgery } from './graphql-request.ts';
import { sendAnswer } from './graphql-response.ts';
import { prefersPage, type MediaType } from './media-type.ts';
import type { OperationRequest } from './operation-request.ts';
import type { Answer } from './operation-runner.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { RequestState } from './request-state.ts';
import type { Transport } from './transport.ts';
import { ResponseBatcher } from './response-batcher.ts';

/** The page for browsers; null where there is no explorer. */
export type RenderPage = ((hostname: string) => Promise<string>) | null;

/** The parts of an answer that are the same for all of them. */
interface Responding {
  readonly batcher: ResponseBatcher;
  readonly inFlight: InFlightRequests;
  /** The headers that protect JSON. */
  readonly securityHeaders: HeaderList;
}

/**
 * `/graphql`: POST for every operation, GET for queries and for the page, as GraphQL over HTTP has it. Every operation goes
 * through the list of `request-pipeline.ts`.
 */
export function registerGraphql<Viewer, Context extends OperationScope>(
  server: FastifyInstance,
  pipeline: RequestPipeline<Viewer, Context>,
  options: Omit<Responding, 'batcher'> & { readonly renderPage: RenderPage },
): void {
  const responding = { ...options, batcher: new ResponseBatcher() };
  server.decorateRequest('graphql', null);
  server.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    exposeHeadRoute: false,
    onRequest(request, reply, done) {
      if (request.method === 'GET' && prefersPage(request.headers.accept)) {
        sendPage(request, reply, options.renderPage).catch(done);
        return;
      }
      const state = new RequestState<Viewer>(new HttpTransport(request, reply, responding));
      request.setDecorator('graphql', state);
      void handleMaybePromise(
        () => pipeline.open(state),
        () => done(),
        done,
      );
    },
    handler(request, reply) {
      const answering = pipeline.answer(request.getDecorator<RequestState<Viewer>>('graphql'));
      // Not returned: Fastify would answer when the promise resolves, and the answer still waits in the batch then.
      if (answering instanceof Promise) answering.catch((error: unknown) => void reply.send(error));
    },
  });
}

/** A request by HTTP. */
class HttpTransport implements Transport {
  readonly requestId: string;
  readonly headers: Transport['headers'];
  readonly stats: Transport['stats'];
  readonly connection: Transport['connection'];
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #responding: Responding;

  constructor(request: FastifyRequest, reply: FastifyReply, responding: Responding) {
    this.requestId = request.id;
    this.headers = request.headers;
    this.stats = profileOf(request);
    this.connection = reply.raw;
    this.#request = request;
    this.#reply = reply;
    this.#responding = responding;
  }

  get ipAddress(): string {
    return this.#request.ip;
  }

  readOperation(): OperationRequest {
    const { body, headers, method, query } = this.#request;
    if (method === 'POST') return readBody(body);
    refuseForgery(headers);
    const operation = readSearch(query);
    // Apollo Server reads the method alone: mutations are not allowed here.
    operation.http = { method: 'GET', headers: new HeaderMap(), search: '', body: undefined };
    return operation;
  }

  send(answer: Answer, mediaType: MediaType, report: Admitted | null): number {
    const { batcher, inFlight, securityHeaders } = this.#responding;
    const headers = () => {
      const all = [...securityHeaders, 'x-request-id', this.requestId, ...timingHeaders(this.stats)];
      return inFlight.isDraining ? [...all, 'connection', 'close'] : all;
    };
    return sendAnswer(this.#reply, answer, { mediaType, report, headers }, batcher);
  }
}

async function sendPage(request: FastifyRequest, reply: FastifyReply, renderPage: RenderPage): Promise<void> {
  if (renderPage === null) {
    throw new HttpRefusal(404, 'NOT_FOUND', 'There is no page here; operations are sent by POST, as JSON.');
  }
  const page = await renderPage(isLoopback(request.ip) ? request.hostname : request.ip);
  void reply
    .header('content-security-policy', sandboxPolicy)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page);
}
