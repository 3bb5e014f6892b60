/**
 * A domain as the README's recipes describe: stickers of conversations, with a list and a mutation. Maps file
 * names to texts.
 */
export const stickerDomain: Readonly<Record<string, string>> = {
  'schema.graphql': `
"A sticker of a conversation."
type Sticker implements Node @row {
  "\`sticker_\` and 32 hex digits."
  id: ID!
  "The sticker's name."
  name: String!
}

"Input of createSticker."
input CreateStickerInput {
  "ID of the conversation."
  conversationId: ID!
  "The sticker's name; 1 to 50 characters."
  name: String!
}

type CreateStickerPayload @payload {
  "The new sticker."
  sticker: Sticker
}

extend type Conversation {
  "The conversation's stickers, oldest first."
  stickers: [Sticker!]! @connection
}

extend type Mutation {
  "Adds a sticker to a conversation."
  createSticker("The sticker to add." input: CreateStickerInput!): CreateStickerPayload!
}
`,
  'model.ts': `
export interface Sticker {
  readonly id: string;
  readonly name: string;
}
`,
  'queries.ts': `
import { pagedList, type Ordering, type PagedList } from '../../paging/paged-list.ts';
import type { Database } from '../../platform/postgres/database.ts';
import sql from 'sql-template-tag';
import type { Sticker } from './model.ts';

export type StickerQueries = ReturnType<typeof createStickerQueries>;

const oldestFirst: Ordering<Sticker> = {
  name: 'sticker.id',
  direction: 'asc',
  columns: [{ name: 'id', expression: sql\`l.id\`, type: 'uuid' }],
};

export function createStickerQueries(db: Database) {
  return {
    async byIds(tenantId: string, ids: readonly string[]): Promise<Sticker[]> {
      return db.query<Sticker>(sql\`select l.id, l.name from stickers l
        where l.tenant_id = \${tenantId}::uuid and l.id = any(\${ids}::uuid[])\`);
    },

    inConversations(tenantId: string): PagedList<Sticker> {
      return pagedList(db, {
        select: sql\`l.id, l.name\`,
        from: sql\`stickers l\`,
        where: (conversation) => sql\`l.tenant_id = \${tenantId}::uuid and l.conversation_id = \${conversation}\`,
        ordering: oldestFirst,
      });
    },

    async insert(tenantId: string, conversationId: string, sticker: Sticker): Promise<void> {
      await db.query(sql\`insert into stickers (tenant_id, conversation_id, id, name)
        values (\${tenantId}::uuid, \${conversationId}::uuid, \${sticker.id}::uuid, \${sticker.name})\`);
    },
  };
}
`,
  'loaders.ts': `
import DataLoader from 'dataloader';
import type { PagedList } from '../../paging/paged-list.ts';
import { byKeys } from '../../platform/postgres/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { Sticker } from './model.ts';
import type { StickerQueries } from './queries.ts';

export interface StickerLoaders {
  readonly byId: DataLoader<string, Sticker | null>;
  readonly byConversationId: PagedList<Sticker>;
}

export function createStickerLoaders(queries: StickerQueries, { tenantId }: Viewer): StickerLoaders {
  return {
    byId: new DataLoader(async (ids) => byKeys(ids, await queries.byIds(tenantId, ids), ({ id }) => id)),
    byConversationId: queries.inConversations(tenantId),
  };
}
`,
  'service.ts': `
import { z } from 'zod';
import { StickerForbidden } from '../../platform/errors.ts';
import { createId, fromPublicId } from '../../platform/ids.ts';
import { parseInput } from '../../platform/input.ts';
import { mayChange, missingConversation, type FindForWriting } from '../conversation/model.ts';
import type { Viewer } from '../session/model.ts';
import type { Sticker } from './model.ts';
import type { StickerQueries } from './queries.ts';

export type StickerService = ReturnType<typeof createStickerService>;

const createSchema = z.object({ conversationId: z.string(), name: z.string().min(1).max(50) });

export function createStickerService({ queries, findForWriting }: {
  readonly queries: StickerQueries;
  readonly findForWriting: FindForWriting;
}) {
  return {
    async create(viewer: Viewer, input: unknown): Promise<Sticker> {
      const { conversationId, name } = parseInput(createSchema, input);
      const id = fromPublicId('conv', conversationId);
      const conversation = id === null ? null : await findForWriting(viewer, id);
      if (conversation === null) throw missingConversation();
      if (!mayChange(viewer, conversation)) throw new StickerForbidden();
      const sticker = { id: createId(), name };
      await queries.insert(viewer.tenantId, conversation.id, sticker);
      return sticker;
    },
  };
}
`,
  'resolvers.ts': `
import { viewerOf } from '../../graphql/access.ts';
import { batched } from '../../graphql/batched.ts';
import { connectionsOf } from '../../graphql/connection.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { toPublicId } from '../../platform/ids.ts';

export const Sticker: ResolversOf<'sticker', 'Sticker'> = {
  id: (sticker) => toPublicId('sticker', sticker.id),
};

export const Conversation: ResolversOf<'sticker', 'Conversation'> = {
  stickers: batched((conversations, args, { loaders }) =>
    connectionsOf(loaders.sticker.byConversationId, conversations.map(({ id }) => id), args)),
};

export const Mutation: ResolversOf<'sticker', 'Mutation'> = {
  createSticker: withUserErrors(async ({ input }, context) => ({
    sticker: await context.services.sticker.create(viewerOf(context), input),
  })),
};
`,
  'domain.ts': `
import type { Domain } from '../../graphql/domain.ts';
import { loadByPublicId } from '../../graphql/load-many.ts';
import { createStickerLoaders, type StickerLoaders } from './loaders.ts';
import { createStickerQueries, type StickerQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createStickerService, type StickerService } from './service.ts';

/** Stickers of conversations. */
export const sticker: Domain<'sticker', StickerQueries, StickerLoaders, StickerService> = {
  resolvers,
  access: { Mutation: { createSticker: { who: 'signedIn', scope: 'write' } } },
  node: { type: 'Sticker', prefix: 'sticker', find: (id, { loaders }) => loadByPublicId(loaders.sticker.byId, 'sticker', id) },
  queries: createStickerQueries,
  loaders: ({ database, viewer }) => createStickerLoaders(createStickerQueries(database), viewer),
  service: ({ queries, ...dependencies }) => createStickerService({ ...dependencies, queries: queries.sticker }),
};
`,
};
