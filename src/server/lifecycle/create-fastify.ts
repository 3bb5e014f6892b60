import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { bodySizeMax, describeFailure, HttpError } from '../errors/http-errors.ts';
import type { FormatError } from '../errors/format-error.ts';
import type { HttpConfig } from '../http-config.ts';
import { noteFailure } from '../hooks/request-hooks.ts';
import { chooseMediaType } from '../graphql/graphql-request.ts';

/** Longer than any request may take; idle connections have a timeout of their own. */
const silenceMs = 60_000;
/** In bytes, with the URL. */
const headersSizeMax = 32_768;

/**
 * Creates an HTTP server without routes, which rejects messages that are too large, too slow or not HTTP, and
 * answers every error in the same form.
 */
export function createFastify(
  formatError: FormatError,
  config: { readonly trustedProxies: readonly string[]; readonly http: HttpConfig },
): FastifyInstance {
  const { connectionsMax, receiveTimeoutMs } = config.http;
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    sendFailure(error, request, reply, formatError);
  };
  const server = fastify({
    bodyLimit: bodySizeMax,
    // Fastify takes an empty list for a list of proxies, with which every read of the address would search
    // for proxies.
    trustProxy: config.trustedProxies.length > 0 && [...config.trustedProxies],
    // A client that sends byte by byte holds a connection no longer than this; by default Node checks only
    // twice a minute.
    requestTimeout: receiveTimeoutMs,
    http: {
      headersTimeout: receiveTimeoutMs,
      requestTimeout: receiveTimeoutMs,
      connectionsCheckingInterval: 1000,
      // Twice Node's own: a token that is far too long is still refused as a token, with 401.
      maxHeaderSize: headersSizeMax,
    },
    // Closes connections on which nothing moves, such as those of clients that do not read their response.
    connectionTimeout: silenceMs,
    // Longer than the 60 s of common load balancers: the one in front must be the one that closes an idle
    // connection, else it sends a request into a connection that is just being closed.
    keepAliveTimeout: 75_000,
    // While closing, a request that still comes in is answered, with `connection: close`; Fastify's own 503
    // has no code.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: requestIdOf,
    frameworkErrors: answer,
    clientErrorHandler: (error, socket) => refuseBrokenRequest(error, socket, formatError),
  });
  if (connectionsMax > 0) server.server.maxConnections = connectionsMax;
  server.setErrorHandler(answer);
  server.removeAllContentTypeParsers();
  const parse = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // Decoding would silently replace invalid UTF-8 by U+FFFD.
    if (isUtf8(body)) void parse(request, body.toString('utf8'), done);
    else done(new HttpError(400, 'BAD_USER_INPUT', 'The body is not UTF-8.'));
  });
  return server;
}

/** Returns the client's id, unless it could break a line in a log or header; else a new id. */
function requestIdOf({ headers }: { readonly headers: IncomingHttpHeaders }): string {
  const id = headers['x-request-id'];
  return typeof id === 'string' && /^[\w.-]{1,64}$/.test(id) ? id : randomUUID();
}

function sendFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  formatError: FormatError,
): void {
  const failure = describeFailure(error, request.id, formatError);
  noteFailure(request, failure.code);
  void reply
    .code(failure.status)
    .headers({ ...failure.headers, 'x-request-id': request.id, 'cache-control': 'no-store' })
    .type(chooseMediaType(request.headers.accept) ?? 'application/json; charset=utf-8')
    .send(failure.body);
}

/** Answers a message that is not HTTP, or not in time, at its connection: no request exists. */
function refuseBrokenRequest(
  error: Error & { readonly code?: string },
  socket: Socket,
  formatError: FormatError,
): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
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

function brokenRequest(code: string | undefined): HttpError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new HttpError(408, 'TIMEOUT', 'The request did not arrive in time.');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new HttpError(431, 'BAD_USER_INPUT', 'The URL and headers are larger than 32 kB together.');
  }
  return new HttpError(400, 'BAD_USER_INPUT', 'This is not an HTTP request that can be understood.');
}
