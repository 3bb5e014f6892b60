import type { WebSocket } from 'ws';
import { Refusal, TokenExpired, Unauthenticated, Unavailable } from '../../platform/errors.ts';
import type { LiveConnection } from './live-connections.ts';
import { stuckMs } from './streamed-response.ts';

/** Close codes of the protocol graphql-transport-ws and of RFC 6455. */
const closeCodes = {
  restart: 1012,
  tryAgainLater: 1013,
  unsupportedData: 1003,
  badRequest: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  tooManyConnections: 4429,
  internalError: 4500,
} as const;

/** Bytes of a reason: RFC 6455, section 5.5.1. */
const reasonBytesMax = 123;
/** The time that a client has for its part of the closing handshake, in milliseconds. */
const closeMs = 5000;

/**
 * A WebSocket with its bounds: what is sent is waited for, and a client that does not read is disconnected.
 */
export class WebSocketConnection implements LiveConnection {
  readonly #webSocket: WebSocket;
  /** By `performance.now()`; null while nothing waits to be sent. */
  #stuckSince: number | null = null;
  #waiting = 0;
  #isAlive = true;

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
    webSocket.on('pong', () => {
      this.#isAlive = true;
    });
    // The close event follows.
    webSocket.on('error', () => {});
  }

  /** Resolves when the text has been handed to the connection, or when the connection has been closed. */
  async send(text: string): Promise<void> {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#stuckSince ??= performance.now();
    this.#waiting += 1;
    await new Promise<void>((resolve) => this.#webSocket.send(text, () => resolve()));
    this.#waiting -= 1;
    this.#stuckSince = this.#waiting === 0 ? null : performance.now();
  }

  /** Closes with a code and a reason, and disconnects a client that does not answer. */
  close(code: number, reason: string): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#webSocket.close(code, shortened(reason));
    setTimeout(() => this.#webSocket.terminate(), closeMs).unref();
  }

  /** Closes because the credential is not valid, when the connection begins. */
  refuse(error: unknown): void {
    if (error instanceof Unavailable) this.close(closeCodes.tryAgainLater, error.message);
    else if (error instanceof Refusal && error.code === 'RATE_LIMITED')
      this.close(closeCodes.tooManyConnections, error.message);
    else if (error instanceof TokenExpired) this.close(closeCodes.forbidden, error.message);
    else if (error instanceof Refusal) this.close(closeCodes.unauthorized, error.message);
    else this.close(closeCodes.internalError, 'Internal error.');
  }

  /** Closes because the caller has lost rights; the client may connect again with another credential. */
  endRights(reason: Refusal): void {
    this.close(closeCodes.forbidden, reason.message);
  }

  closeForRestart(): void {
    this.close(closeCodes.restart, 'The server is restarting.');
  }

  /** Closes after a message that is no text. */
  refuseBinary(): void {
    this.close(closeCodes.unsupportedData, 'Messages must be text.');
  }

  /** Closes after a message that could not be handled. */
  fail(error: unknown): void {
    if (error instanceof Refusal) this.close(closeCodes.badRequest, error.message);
    else this.close(closeCodes.badRequest, 'The message could not be understood.');
  }

  tick(now: number): void {
    if (this.#stuckSince !== null && now - this.#stuckSince > stuckMs) {
      this.close(closeCodes.tryAgainLater, 'The client does not read.');
      return;
    }
    if (!this.#isAlive && this.#stuckSince === null) {
      this.#webSocket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#webSocket.ping();
  }
}

/** The error of a connection without a credential. */
export function missingCredential(): Unauthenticated {
  return new Unauthenticated('connection_init needs a credential: {"authorization": "Bearer …"}.');
}

function shortened(reason: string): string {
  return Buffer.from(reason)
    .subarray(0, reasonBytesMax)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}
