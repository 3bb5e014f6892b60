import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from '../errors/http-errors.ts';
import type { RequestStats } from '../../platform/telemetry/request-stats.ts';
import { LargeBodies } from '../hooks/large-bodies.ts';
import { isLoopback } from '../loopback.ts';
import { sandboxPolicy } from '../routes/sandbox.ts';
import type { OperationScope } from './apollo.ts';
import { mediaTypes, OperationRequest, prefersPage } from './graphql-request.ts';
import { chargeUse } from './graphql-response.ts';
import { runSteps, stepsBeforeBody, stepsFromBody, type PipelineParts } from './request-pipeline.ts';
import type { RequestState } from './request-state.ts';
import type { WebSocketProtocol } from '../live/websocket-protocol.ts';
import type { WebSocketUpgrades } from '../live/websocket-server.ts';

/** The part that serves WebSockets. */
export interface Sockets<Viewer, Context extends OperationScope> {
  readonly upgrades: WebSocketUpgrades;
  readonly protocol: WebSocketProtocol<Viewer, Context>;
}

/** Renders the page for browsers; null where there is no explorer. */
export type RenderPage = ((hostname: string) => Promise<string>) | null;

/**
 * Registers `/graphql`: POST for every operation, GET for queries and for the page, as in GraphQL over HTTP.
 * Every operation goes through the list of `request-pipeline.ts`.
 */
export function registerGraphql<Viewer, Context extends OperationScope>(
  server: FastifyInstance,
  parts: PipelineParts<Viewer, Context>,
  renderPage: RenderPage,
  sockets: Sockets<Viewer, Context>,
): void {
  server.decorateRequest('graphql', null);
  limitBodies<Viewer>(server);
  server.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    exposeHeadRoute: false,
    onRequest(request, reply, done) {
      if (sockets.upgrades.isUpgrade(request)) {
        sockets.upgrades.accept(request, reply, (socket) => sockets.protocol.serve(socket, request));
        return;
      }
      if (request.method === 'GET' && prefersPage(request.headers.accept)) {
        sendPage(request, reply, renderPage).catch(done);
        return;
      }
      const state = stateOf<Viewer>(request, reply);
      request.setDecorator('graphql', state);
      const pending = runSteps(stepsBeforeBody, state, parts);
      if (!(pending instanceof Promise)) return done();
      pending.then(() => done(), done);
    },
    errorHandler(error, request, reply) {
      // A credential that is not accepted is the first thing that is wrong with a request.
      const state = request.getDecorator<RequestState<Viewer> | null>('graphql');
      void reply.send(state?.refusal ?? error);
    },
    handler(request) {
      const state = request.getDecorator<RequestState<Viewer>>('graphql');
      const pending = runSteps(stepsFromBody, state, parts);
      // Not returned: Fastify would respond when the promise resolves, while the response is still in the
      // batch.
      if (pending instanceof Promise) pending.catch((error: unknown) => fail(state, parts, error));
    },
  });
}

/** Limits the bodies of operations, after the caller is known; other routes have limits of their own. */
function limitBodies<Viewer>(server: FastifyInstance): void {
  const bodies = new LargeBodies();
  server.addHook('preParsing', (request, _reply, payload, done) => {
    const state = request.getDecorator<RequestState<Viewer> | null>('graphql');
    if (state === null) done(null, payload);
    else bodies.admit(request, payload, state.viewer !== null, done);
  });
}

/** Statements of a failed request were executed too. */
function fail<Viewer, Context extends OperationScope>(
  state: RequestState<Viewer>,
  { rateLimiter }: PipelineParts<Viewer, Context>,
  error: unknown,
): void {
  chargeUse(state, rateLimiter, 0);
  void state.reply.send(error);
}

function stateOf<Viewer>(request: FastifyRequest, reply: FastifyReply): RequestState<Viewer> {
  return {
    request,
    reply,
    stats: request.getDecorator<RequestStats>('stats'),
    mediaType: mediaTypes[0],
    streamType: null,
    viewer: null,
    refusal: null,
    operation: new OperationRequest(),
    isTrusted: false,
    rateLimitKeys: {},
    paid: 0,
    admitted: null,
    rateLimit: null,
    answer: null,
  };
}

async function sendPage(request: FastifyRequest, reply: FastifyReply, renderPage: RenderPage): Promise<void> {
  if (renderPage === null) {
    throw new HttpError(404, 'NOT_FOUND', 'There is no page here; operations are sent by POST, as JSON.');
  }
  const page = await renderPage(isLoopback(request.ip) ? request.hostname : request.ip);
  void reply
    .header('content-security-policy', sandboxPolicy)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page);
}
