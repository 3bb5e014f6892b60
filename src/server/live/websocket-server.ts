import { ServerResponse, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { Refusal, Unavailable } from '../../platform/errors.ts';
import { bodySizeMax, HttpError } from '../errors/http-errors.ts';
import type { IsAllowedOrigin } from '../allowed-origins.ts';

/** A request for a WebSocket, before the connection is one. */
interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Turns requests for a WebSocket into connections, through the hooks that every request passes. */
export class WebSocketUpgrades {
  readonly #upgrades = new WeakMap<IncomingMessage, Upgrade>();
  readonly #isAllowedOrigin: IsAllowedOrigin;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: bodySizeMax,
    perMessageDeflate: false,
    handleProtocols,
  });

  constructor(server: FastifyInstance, isAllowedOrigin: IsAllowedOrigin) {
    this.#isAllowedOrigin = isAllowedOrigin;
    server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
        withoutUpgrade(server, request, socket, head);
        return;
      }
      this.#upgrades.set(request, { socket, head });
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.once('finish', () => {
        if (this.#upgrades.has(request)) socket.end();
      });
      socket.once('error', () => socket.destroy());
      if (socket instanceof Socket) response.assignSocket(socket);
      server.routing(request, response);
    });
  }

  /** Returns true for a request for a WebSocket. */
  isUpgrade({ raw }: FastifyRequest): boolean {
    return this.#upgrades.has(raw);
  }

  /** Completes the upgrade. @throws Refusal, which becomes the response */
  accept(request: FastifyRequest, reply: FastifyReply, onOpen: (webSocket: WebSocket) => void): void {
    const upgrade = this.#upgrades.get(request.raw);
    if (upgrade === undefined) throw new Unavailable();
    const { origin } = request.headers;
    // Pages of other origins could use the cookies of their visitors.
    if (origin !== undefined && !isOwn(origin, request.host) && !this.#isAllowedOrigin(origin)) {
      throw new Refusal('FORBIDDEN', 'Pages of this origin are not allowed; see CORS_ORIGINS.');
    }
    const protocols = request.headers['sec-websocket-protocol'];
    if (protocols === undefined || handleProtocols(protocols) === false) {
      throw new HttpError(400, 'BAD_USER_INPUT', 'The WebSocket needs the subprotocol graphql-transport-ws.');
    }
    reply.hijack();
    this.#upgrades.delete(request.raw);
    const { head, socket } = upgrade;
    if (socket instanceof Socket) reply.raw.detachSocket(socket);
    this.#server.handleUpgrade(request.raw, socket, head, (webSocket) => {
      // The request is over; the connection is not.
      reply.raw.statusCode = 101;
      reply.raw.emit('finish');
      reply.raw.emit('close');
      onOpen(webSocket);
    });
  }
}

function isOwn(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/**
 * Answers a request for another protocol, such as h2c, as if it had requested none: RFC 9110, section 7.8.
 */
function withoutUpgrade(
  server: FastifyInstance,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2);
    if (!/^(upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.server.emit('connection', socket);
}
