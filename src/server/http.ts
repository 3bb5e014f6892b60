import { isUtf8 } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import helmet from '@fastify/helmet';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { createId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { Admission } from './admission/admission.ts';
import { createApollo, type OperationScope } from './apollo.ts';
import { registerExplorer } from './explorer.ts';
import { bodySizeMax, describeFailure, HttpRefusal, UnknownUrl } from './failure.ts';
import { createErrorFormatter, type FormatError } from './format-error.ts';
import type { FrontDoorConfig } from './front-door-config.ts';
import { registerGraphql, type Exchange } from './graphql-route.ts';
import { healthUrls, registerHealth, type Readiness } from './health.ts';
import { registerIdentityWebhook, type ReceiveWebhook } from './identity-webhook.ts';
import { isLoopback } from './loopback.ts';
import { chooseMediaType } from './media-type.ts';
import { createSandboxPlugin, renderSandbox, withoutToken } from './sandbox.ts';

/** What the front door needs; of the product it knows nothing but the schema. */
export interface HttpServerOptions<Viewer, Context extends OperationScope> extends Exchange<Viewer, Context> {
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly config: {
    readonly isProduction: boolean;
    readonly isExplorerEnabled: boolean;
    /** Whose `x-forwarded-for` is believed. */
    readonly trustedProxies: readonly string[];
    readonly frontDoor: FrontDoorConfig;
  };
  readonly isReady: () => Promise<Readiness>;
  /** Asked before every request but those for health. @throws Unavailable while nothing may be answered */
  readonly admit: () => Promise<void>;
  /** Recognises outages, and answers any other error as it came. */
  readonly toRefusal: (error: unknown) => unknown;
  /** For the events of an identity provider; null where none is expected. */
  readonly receiveWebhook: ReceiveWebhook | null;
  /** A token that the explorers open with; null where there is no demo data. */
  readonly demo: { readonly token: string } | null;
}

/**
 * The HTTP server, not yet listening: `/graphql`, `/livez`, `/readyz` and, where enabled, Sandbox, `/explorer`
 * and `/webhooks/identity`.
 * Every failure is JSON with a code and the request's id, which is also the header `x-request-id` of every answer.
 * `close()` stops accepting, waits for the requests under way, and then stops the GraphQL engine.
 */
export async function createHttpServer<Viewer, Context extends OperationScope>(
  options: HttpServerOptions<Viewer, Context>,
): Promise<FastifyInstance> {
  const formatError = createErrorFormatter(options);
  const token = options.demo?.token ?? null;
  const { isExplorerEnabled } = options.config;
  const sandbox = isExplorerEnabled ? createSandboxPlugin(token) : null;
  const apollo = createApollo<Context>({ ...options, formatError, sandbox });
  await apollo.start();

  const server = createFastify(formatError, options.config.trustedProxies);
  await server.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: nothingAtAll } });
  server.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
    if (request.is404) throw unknownRoute(server, request);
    if (!healthUrls.has(request.routeOptions.url ?? '')) await options.admit();
  });
  letConnectionsEnd(server);
  registerHealth(server, options.isReady);
  const renderPage = isExplorerEnabled
    ? async (hostname: string) =>
        withoutToken(await renderSandbox(apollo), isLoopback(hostname) ? null : token)
    : null;
  const admission = new Admission(options.schema, options.config.frontDoor.queryLimits);
  registerGraphql(server, { ...options, admission, apollo, renderPage });
  if (options.receiveWebhook !== null) await registerIdentityWebhook(server, options.receiveWebhook);
  if (isExplorerEnabled) registerExplorer(server, token);
  server.addHook('onClose', () => apollo.stop());
  return server;
}

/** JSON is not a document: where a browser shows it all the same, it may load nothing and be framed by nobody. */
const nothingAtAll = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

function createFastify(formatError: FormatError, trustedProxies: readonly string[]): FastifyInstance {
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    sendFailure(error, request, reply, formatError);
  };
  const server = fastify({
    bodyLimit: bodySizeMax,
    trustProxy: [...trustedProxies],
    // A client gets this long to send its request, headers and body.
    requestTimeout: 30_000,
    // Longer than the 60 s of common load balancers: the one in front must be the one that closes an idle connection,
    // else it sends a request into a connection that is just being closed.
    keepAliveTimeout: 75_000,
    // While closing, a request that still comes in is answered, with `connection: close`; Fastify's own 503 has no code.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: ({ headers }) => usableId(headers['x-request-id']) ?? createId(),
    frameworkErrors: answer,
    clientErrorHandler: (error, socket) => refuseBrokenRequest(error, socket, formatError),
  });
  server.setErrorHandler(answer);
  server.removeAllContentTypeParsers();
  const parse = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // Decoding would put U+FFFD in place of what is not UTF-8, and nobody would be told.
    if (isUtf8(body)) void parse(request, body.toString('utf8'), done);
    else done(new HttpRefusal(400, 'BAD_USER_INPUT', 'The body is not UTF-8.'));
  });
  return server;
}

/** Closing ends idle connections only: one that was busy then would be kept open by its client, and hold up the end. */
function letConnectionsEnd(server: FastifyInstance): void {
  let isClosing = false;
  server.addHook('preClose', async () => {
    isClosing = true;
  });
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) void reply.header('connection', 'close');
    done(null, payload);
  });
}

/** A caller's id goes into our logs and headers: nothing may pass that could break a line or hide there. */
function usableId(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && /^[\w.-]{1,64}$/.test(header) ? header : null;
}

function unknownRoute(server: FastifyInstance, request: FastifyRequest): HttpRefusal {
  const [url = '/'] = request.url.split('?', 1);
  const allowed = ['GET', 'HEAD', 'POST'].filter((method) => server.hasRoute({ method, url }));
  if (allowed.length === 0) return new UnknownUrl();
  const allow = allowed.join(', ');
  return new HttpRefusal(405, 'BAD_USER_INPUT', `This URL answers only ${allow}.`, { allow });
}

function sendFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  formatError: FormatError,
): void {
  const failure = describeFailure(error, request.id, formatError);
  void reply
    .code(failure.status)
    .headers({ ...failure.headers, 'x-request-id': request.id, 'cache-control': 'no-store' })
    .type(chooseMediaType(request.headers.accept) ?? 'application/json; charset=utf-8')
    .send(failure.body);
}

/** What is not HTTP, or not in time, never becomes a request: only the connection can be answered. */
function refuseBrokenRequest(
  error: Error & { readonly code?: string },
  socket: Socket,
  formatError: FormatError,
): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const requestId = createId();
  const { status, headers, body } = describeFailure(brokenRequest(error.code), requestId, formatError);
  const head = {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    connection: 'close',
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n'));
}

function brokenRequest(code: string | undefined): HttpRefusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new HttpRefusal(408, 'TIMEOUT', 'The request did not arrive in time.');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new HttpRefusal(431, 'BAD_USER_INPUT', 'The URL and headers are larger than 16 kB together.');
  }
  return new HttpRefusal(400, 'BAD_USER_INPUT', 'This is not an HTTP request that can be understood.');
}
