import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { connect } from 'node:net';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { GraphQLError, GraphQLScalarType } from 'graphql';
import { pino } from 'pino';
import { z } from 'zod';
import {
  Forbidden,
  NotFound,
  TokenExpired,
  Unauthenticated,
  Unavailable,
} from '../../src/platform/errors.ts';
import { ExecutionCounts } from '../../src/execution/execution-counts.ts';
import { LevelExecutor } from '../../src/execution/level-executor.ts';
import { readConfig } from '../../src/app/config/config.ts';
import { systemClock } from '../../src/platform/runtime/clock.ts';
import { createHttpServer, type HttpServerOptions } from '../../src/server/http-server.ts';
import { InFlightRequests } from '../../src/server/limits/in-flight-requests.ts';

export interface Person {
  readonly name: string;
}

export interface Scope {
  readonly requestId: string;
  readonly viewer: Person | null;
}

export const secret = 'select password_hash from users';

const typeDefs = /* GraphQL */ `
  scalar Even
  type Query {
    half(of: Even!): Int
    hello: String!
    viewer: String
    echo(text: String!, count: Int): String!
    required(text: String!): String
    forbidden: String
    wrapped: String
    missing: String
    broken: String
    outage: String
    unserializable: Int
    thrownByLibrary: String
    rogue: Node
  }
  type Node {
    self: Node
    name: String
  }
  type Mutation {
    increment: Int!
  }
  type Subscription {
    ticks: Int!
  }
`;

/** The HTTP server with a small schema in which everything can go wrong, listening on a free port. */
export async function openFrontDoor(changes: Partial<HttpServerOptions<Person, Scope>> = {}) {
  const logged: { level: number; requestId?: string; err?: { message: string; stack: string } }[] = [];
  const state = { increments: 0, authentications: 0 };
  const schema = makeExecutableSchema({ typeDefs, resolvers: resolversOf(state) });
  const server = await createHttpServer<Person, Scope>({
    schema,
    executor: new LevelExecutor(schema, new ExecutionCounts()),
    clock: systemClock,
    logger: pino({ level: 'info' }, { write: (line: string) => logged.push(JSON.parse(line)) }),
    config: readConfig({}),
    authenticate: async (headers) => {
      state.authentications += 1;
      return personOf(headers.authorization);
    },
    createContext: (viewer, { requestId }) => ({ requestId, viewer }),
    rateLimitKeysOf: () => ({}),
    rights: {
      watchRights: () => () => {},
      areRightsKnown: () => true,
      hasSameRights: () => true,
      expiryOf: () => null,
    },
    sharedUsage: null,
    requests: new InFlightRequests(0),
    observer: {
      currentRequest: new AsyncLocalStorage(),
      tracing: null,
      expectOperations: () => {},
      finish: () => {},
    },
    metrics: null,
    isReady: async () => ({ ready: true, components: [] }),
    gate: { isClosed: false, requireOpen: async () => {} },
    toApiError: (error) =>
      error instanceof Error && error.message.startsWith('ECONNREFUSED') ? new Unavailable() : error,
    receiveWebhook: null,
    demo: { token: 'good' },
    ...changes,
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    origin,
    server: server.server,
    url: `${origin}/graphql`,
    logged,
    state,
    close: () => server.close(),
    post: (body: unknown, headers: Record<string, string> = {}) =>
      fetch(`${origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

const failureSchema = z.strictObject({
  errors: z
    .array(
      z.object({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.strictObject({ code: z.string(), requestId: z.string() }),
      }),
    )
    .min(1),
  data: z.unknown().optional(),
});

/** The one form that every failure has; fails the test when this answer has another. */
export async function failureOf(response: Response) {
  const text = await response.text();
  const { errors, data } = failureSchema.parse(JSON.parse(text));
  const [first] = errors;
  if (first === undefined) throw new Error('There is no error in the answer.');
  return {
    status: response.status,
    code: first.extensions.code,
    message: first.message,
    requestId: first.extensions.requestId,
    path: first.path,
    data,
    text,
  };
}

/** Sends raw bytes and answers everything that comes back until the server ends the connection. */
export async function speak(origin: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(received).toString();
}

function personOf(authorization: string | undefined): Person | null {
  if (authorization === undefined) return null;
  if (authorization === 'Bearer good') return { name: 'Ada' };
  if (authorization === 'Bearer expired') throw new TokenExpired();
  if (authorization === 'Bearer foreign') throw new Forbidden('This key does not belong to that tenant.');
  if (authorization === 'Bearer outage') throw new Error(`ECONNREFUSED ${secret}`);
  if (authorization === 'Bearer defect') throw new TypeError(secret);
  throw new Unauthenticated();
}

function resolversOf(state: { increments: number }) {
  return {
    Query: {
      hello: () => 'world',
      half: (_root: unknown, args: { of: number }) => args.of / 2,
      viewer: (_root: unknown, _args: unknown, scope: Scope) => scope.viewer?.name ?? null,
      echo: (_root: unknown, args: { text: string }) => args.text,
      required: () => 'never',
      forbidden: () => {
        throw new Forbidden('Only a tenant admin may see this.');
      },
      wrapped: () => {
        throw new GraphQLError(secret, { originalError: new Forbidden('Only a tenant admin may see this.') });
      },
      missing: () => {
        throw new NotFound('conversation', ['id']);
      },
      broken: () => {
        throw new TypeError(secret);
      },
      outage: () => {
        throw new Error('ECONNREFUSED', { cause: new Error(`connect to ${secret}`) });
      },
      unserializable: () => secret,
      thrownByLibrary: () => {
        throw new GraphQLError(secret);
      },
      rogue: () => ({}),
    },
    Even: new GraphQLScalarType({ name: 'Even', parseValue: evenFrom }),
    Mutation: { increment: () => (state.increments += 1) },
    Subscription: { ticks: { subscribe: () => [] } },
  };
}

function evenFrom(value: unknown): number {
  if (typeof value === 'number' && value % 2 === 0) return value;
  throw new GraphQLError('An Even is a number such as 2.');
}
