import type { ExecutionArgs, GraphQLError, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { makeServer, type Server } from 'graphql-ws';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import { BadUserInput, Refusal } from '../../platform/errors.ts';
import { RequestStats } from '../../platform/telemetry/request-stats.ts';
import type { OperationScope } from '../graphql/apollo.ts';
import { operationFrom } from '../graphql/graphql-request.ts';
import { admitOperation, type PipelineParts } from '../graphql/request-pipeline.ts';
import type { OperationState } from '../graphql/request-state.ts';
import { LiveCaller } from './live-caller.ts';
import { openSubscription } from './open-subscription.ts';
import { tooManyConnections } from './stream-subscription.ts';
import { FormattedError, SubscriptionResults } from './subscription-results.ts';
import { Subscription } from './subscription.ts';
import { missingCredential, WebSocketConnection } from './websocket-connection.ts';

/** A client of the protocol. */
interface Client<Viewer> {
  readonly connection: WebSocketConnection;
  /** The headers of the request for the connection. */
  readonly headers: IncomingHttpHeaders;
  readonly ipAddress: string;
  caller: LiveCaller<Viewer> | null;
  remove: (() => void) | null;
}

/** The limits of the protocol. */
export interface ProtocolLimits {
  readonly initTimeoutMs: number;
  readonly subscriptionsPerSocket: number;
}

/** Serves subscriptions over WebSockets by the protocol graphql-transport-ws. */
export class WebSocketProtocol<Viewer, Context extends OperationScope> {
  readonly #parts: PipelineParts<Viewer, Context>;
  readonly #limits: ProtocolLimits;
  readonly #server: Server<Client<Viewer>>;

  constructor(parts: PipelineParts<Viewer, Context>, limits: ProtocolLimits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#server = makeServer<Record<string, unknown> | undefined, Client<Viewer>>({
      connectionInitWaitTimeout: limits.initTimeoutMs,
      onConnect: ({ connectionParams, extra }) => this.#connect(extra, connectionParams ?? {}),
      onSubscribe: ({ extra, subscriptions }, _id, payload) =>
        this.#open(extra, payload, Object.keys(subscriptions).length),
      subscribe: (args) => resultsOf(args),
      onError: (_context, _id, _payload, errors) => errors.map((error) => this.#formatted(error)),
      onClose: ({ extra }) => close(extra),
    });
  }

  /** Takes over a WebSocket that is open. */
  serve(webSocket: WebSocket, request: { readonly headers: IncomingHttpHeaders; readonly ip: string }): void {
    const connection = new WebSocketConnection(webSocket);
    const client: Client<Viewer> = {
      connection,
      headers: request.headers,
      ipAddress: request.ip,
      caller: null,
      remove: null,
    };
    const closed = this.#server.opened(
      {
        protocol: webSocket.protocol,
        send: (text) => connection.send(text),
        close: (code = 1000, reason = '') => connection.close(code, reason),
        onMessage: (handle) => {
          webSocket.on('message', (data, isBinary) => {
            if (isBinary) connection.refuseBinary();
            else handle(textOf(data)).catch((error: unknown) => connection.fail(error));
          });
        },
      },
      client,
    );
    webSocket.once('close', (code, reason) => void closed(code, String(reason)));
  }

  /** Returns false after the connection was closed with the reason. */
  async #connect(client: Client<Viewer>, parameters: Record<string, unknown>): Promise<boolean> {
    const { authenticate, connections, credentials, rateLimitKeysOf, rights } = this.#parts;
    const { connection, ipAddress } = client;
    const headers = { ...client.headers, ...credentialIn(parameters) };
    try {
      const viewer = await credentials.identify(authenticate, headers, ipAddress);
      if (viewer === null) throw missingCredential();
      const userKey = rateLimitKeysOf(viewer, ipAddress).user ?? ipAddress;
      client.remove = connections.isDraining ? null : connections.add(userKey, connection);
      if (client.remove === null) throw tooManyConnections();
      client.caller = new LiveCaller(viewer, headers, { ...rights, authenticate }, (reason) =>
        connection.endRights(reason),
      );
      return true;
    } catch (error) {
      connection.refuse(error);
      return false;
    }
  }

  /** Returns what `subscribe` gets, or the errors. */
  async #open(
    client: Client<Viewer>,
    payload: unknown,
    subscriptions: number,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> {
    const { caller, ipAddress } = client;
    const requestId = randomUUID();
    if (caller === null) throw missingCredential();
    try {
      if (subscriptions > this.#limits.subscriptionsPerSocket) throw this.#tooManySubscriptions();
      await caller.confirmed();
      const state = this.#stateOf(caller.viewer, ipAddress, payload, requestId);
      await admitOperation(state, this.#parts);
      if (state.admitted !== null && state.admitted.kind !== 'subscription') {
        throw new BadUserInput('Queries and mutations are sent by POST, only subscriptions by WebSocket.');
      }
      const device = { ipAddress, userAgent: client.headers['user-agent'] ?? null };
      const opened = await openSubscription(state, device, caller, this.#parts);
      if (!(opened instanceof Subscription))
        return (opened.errors ?? []).map((error) => new FormattedError(error));
      return argumentsFor(opened, this.#parts.schema, state);
    } catch (error) {
      return [new FormattedError(this.#parts.formatError(error, requestId))];
    }
  }

  #tooManySubscriptions(): Refusal {
    const { subscriptionsPerSocket } = this.#limits;
    return new Refusal(
      'RATE_LIMITED',
      `This connection has ${subscriptionsPerSocket} subscriptions, which is the most that is allowed.`,
    );
  }

  #stateOf(viewer: Viewer, ipAddress: string, payload: unknown, requestId: string): OperationState<Viewer> {
    const stats = new RequestStats(requestId);
    stats.isOperation = true;
    return {
      stats,
      viewer,
      operation: operationFrom(payload),
      isTrusted: false,
      rateLimitKeys: this.#parts.rateLimitKeysOf(viewer, ipAddress),
      paid: 0,
      admitted: null,
      rateLimit: null,
      refusal: null,
    };
  }

  #formatted(error: GraphQLError): GraphQLFormattedError {
    return error instanceof FormattedError ? error.toJSON() : this.#parts.formatError(error, randomUUID());
  }
}

/** The library passes the context of an operation from `onSubscribe` to `subscribe`. */
function argumentsFor<Viewer>(
  subscription: Subscription,
  schema: GraphQLSchema,
  { operation }: OperationState<Viewer>,
): ExecutionArgs {
  if (operation.document === null) throw new Error('A subscription has no document.');
  const { ast } = operation.document;
  return { schema, document: ast, operationName: operation.operationName, contextValue: subscription };
}

function resultsOf({ contextValue }: ExecutionArgs): SubscriptionResults {
  if (!(contextValue instanceof Subscription)) throw new Error('There is no subscription.');
  return new SubscriptionResults(contextValue);
}

function textOf(data: RawData): string {
  if (data instanceof ArrayBuffer) return Buffer.from(data).toString('utf8');
  return (Array.isArray(data) ? Buffer.concat(data) : data).toString('utf8');
}

function close<Viewer>(client: Client<Viewer>): void {
  client.caller?.close();
  client.remove?.();
}

/** Reads the credential of `connection_init`, with the names of the headers in any case. */
function credentialIn(parameters: Record<string, unknown>): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(parameters)) {
    const lower = name.toLowerCase();
    if ((lower === 'authorization' || lower === 'x-tenant') && typeof value === 'string')
      headers[lower] = value;
  }
  return headers;
}
