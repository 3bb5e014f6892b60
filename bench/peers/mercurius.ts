// Mercurius with its JIT compiler and its loaders, over pg with prepared statements: each field with a loader
// fetches once for all parents. The per-request cache of the loaders is off, because comparing parents as
// JSON cost more than the cache saved.
// Omitted: authentication, access rules, limits, cursors and pages, input validation, metrics, logs.
import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import mercurius from 'mercurius';
import pg from 'pg';
import { plainSchema } from './plain-schema.ts';
import { displayNameOf, profileOf, type MessageRow, type PersonRow } from './rows.ts';
import { statements, type StatementName } from './statements.ts';
import { readPeerConfig } from './peer-config.ts';

const { databaseUrl, poolSize, port, tenantId, writing } = readPeerConfig();
const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize });

async function query<Row>(name: StatementName, values: readonly unknown[]): Promise<Row[]> {
  const { rows } = await pool.query({ name, text: statements[name], values: [...values] });
  return rows;
}

async function peopleByIds(ids: readonly (string | null)[]): Promise<(PersonRow | null)[]> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  const found = wanted.length === 0 ? [] : await query<PersonRow>('people', [wanted]);
  const byId = new Map(found.map((person) => [person.id, person]));
  return ids.map((id) => (id === null ? null : (byId.get(id) ?? null)));
}

interface Queried<Parent, Params> {
  readonly obj: Parent;
  readonly params: Params;
}
interface MessagesArgs {
  readonly last?: number;
  readonly first?: number;
  readonly after?: number;
}
type Parent = { readonly id: string };

const withoutCache = { cache: false };
const app = fastify();
await app.register(mercurius, {
  schema: plainSchema,
  jit: 1,
  graphiql: false,
  resolvers: {
    Query: {
      conversations: (_: unknown, { first }: { first: number }) => query('conversations', [tenantId, first]),
      conversation: async (_: unknown, { id }: Parent) => (await query('conversation', [tenantId, id]))[0],
      user: async (_: unknown, { id }: Parent) => (await peopleByIds([id]))[0],
      settings: async () => (await query('settings', []))[0],
      models: () => query('models', []),
    },
    Mutation: {
      sendMessage: async (
        _: unknown,
        { conversationId, content }: { conversationId: string; content: string },
      ) =>
        (
          await query('sendMessage', [
            writing.tenantId,
            conversationId,
            writing.authorId,
            content,
            new Date(),
            randomUUID(),
          ])
        )[0],
    },
    Message: { createdAt: ({ createdAt }: MessageRow) => createdAt.toISOString() },
    User: { displayName: displayNameOf, profile: profileOf },
    Settings: { updatedAt: ({ updatedAt }: { updatedAt: Date }) => updatedAt.toISOString() },
  },
  loaders: {
    Conversation: {
      lastMessage: {
        opts: withoutCache,
        async loader(queries: readonly Queried<Parent, object>[]) {
          const rows = await query<MessageRow>('lastMessages', [tenantId, queries.map(({ obj }) => obj.id)]);
          const messages: (MessageRow | null)[] = queries.map(() => null);
          for (const row of rows) messages[Number(row.ordinal) - 1] = row;
          return messages;
        },
      },
      messages: {
        opts: withoutCache,
        async loader(queries: readonly Queried<Parent, MessagesArgs>[]) {
          const [one] = queries;
          if (one === undefined) return [];
          const { last, first, after } = one.params;
          if (last === undefined) {
            return [await query<MessageRow>('messagesAfter', [tenantId, one.obj.id, after, first])];
          }
          const pages = queries.map((): MessageRow[] => []);
          const ids = queries.map(({ obj }) => obj.id);
          for (const row of await query<MessageRow>('newestMessages', [tenantId, ids, last])) {
            pages[Number(row.ordinal) - 1]?.push(row);
          }
          return pages;
        },
      },
    },
    Message: {
      author: {
        opts: withoutCache,
        loader: (queries: readonly Queried<MessageRow, object>[]) =>
          peopleByIds(queries.map(({ obj }) => obj.authorId)),
      },
    },
    Settings: {
      defaultModel: {
        opts: withoutCache,
        loader: (queries: readonly Queried<{ defaultModelSlug: string }, object>[]) =>
          query('model', [queries.map(({ obj }) => obj.defaultModelSlug)]),
      },
    },
  },
});
await app.listen({ host: '127.0.0.1', port });
console.log('listening');
