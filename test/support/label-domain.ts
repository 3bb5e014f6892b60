/**
 * A domain as the README's recipes describe: labels of conversations, with a list and a mutation. Maps file
 * names to texts.
 */
export const labelDomain: Readonly<Record<string, string>> = {
  'schema.graphql': `
"A label of a conversation."
type Label implements Node @row {
  "\`label_\` and 32 hex digits."
  id: ID!
  "The label's name."
  name: String!
}

"Input of createLabel."
input CreateLabelInput {
  "ID of the conversation."
  conversationId: ID!
  "The label's name; 1 to 50 characters."
  name: String!
}

type CreateLabelPayload @payload {
  "The new label."
  label: Label
}

extend type Conversation {
  "The conversation's labels, oldest first."
  labels: [Label!]! @connection
}

extend type Mutation {
  "Adds a label to a conversation."
  createLabel("The label to add." input: CreateLabelInput!): CreateLabelPayload!
}
`,
  'model.ts': `
export interface Label {
  readonly id: string;
  readonly name: string;
}
`,
  'queries.ts': `
import { pagedList, type Ordering, type PagedList } from '../../paging/paged-list.ts';
import type { Database } from '../../platform/postgres/database.ts';
import sql from 'sql-template-tag';
import type { Label } from './model.ts';

export type LabelQueries = ReturnType<typeof createLabelQueries>;

const oldestFirst: Ordering<Label> = {
  name: 'label.id',
  direction: 'asc',
  columns: [{ name: 'id', expression: sql\`l.id\`, type: 'uuid' }],
};

export function createLabelQueries(db: Database) {
  return {
    async byIds(tenantId: string, ids: readonly string[]): Promise<Label[]> {
      return db.query<Label>(sql\`select l.id, l.name from labels l
        where l.tenant_id = \${tenantId}::uuid and l.id = any(\${ids}::uuid[])\`);
    },

    inConversations(tenantId: string): PagedList<Label> {
      return pagedList(db, {
        select: sql\`l.id, l.name\`,
        from: sql\`labels l\`,
        where: (conversation) => sql\`l.tenant_id = \${tenantId}::uuid and l.conversation_id = \${conversation}\`,
        ordering: oldestFirst,
      });
    },

    async insert(tenantId: string, conversationId: string, label: Label): Promise<void> {
      await db.query(sql\`insert into labels (tenant_id, conversation_id, id, name)
        values (\${tenantId}::uuid, \${conversationId}::uuid, \${label.id}::uuid, \${label.name})\`);
    },
  };
}
`,
  'loaders.ts': `
import DataLoader from 'dataloader';
import type { PagedList } from '../../paging/paged-list.ts';
import { byKeys } from '../../platform/postgres/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { Label } from './model.ts';
import type { LabelQueries } from './queries.ts';

export interface LabelLoaders {
  readonly byId: DataLoader<string, Label | null>;
  readonly byConversationId: PagedList<Label>;
}

export function createLabelLoaders(queries: LabelQueries, { tenantId }: Viewer): LabelLoaders {
  return {
    byId: new DataLoader(async (ids) => byKeys(ids, await queries.byIds(tenantId, ids), ({ id }) => id)),
    byConversationId: queries.inConversations(tenantId),
  };
}
`,
  'service.ts': `
import { z } from 'zod';
import { LabelingForbidden } from '../../platform/errors.ts';
import { createId, fromPublicId } from '../../platform/ids.ts';
import { parseInput } from '../../platform/input.ts';
import { mayChange, missingConversation, type FindForWriting } from '../conversation/model.ts';
import type { Viewer } from '../session/model.ts';
import type { Label } from './model.ts';
import type { LabelQueries } from './queries.ts';

export type LabelService = ReturnType<typeof createLabelService>;

const createSchema = z.object({ conversationId: z.string(), name: z.string().min(1).max(50) });

export function createLabelService({ queries, findForWriting }: {
  readonly queries: LabelQueries;
  readonly findForWriting: FindForWriting;
}) {
  return {
    async create(viewer: Viewer, input: unknown): Promise<Label> {
      const { conversationId, name } = parseInput(createSchema, input);
      const id = fromPublicId('conv', conversationId);
      const conversation = id === null ? null : await findForWriting(viewer, id);
      if (conversation === null) throw missingConversation();
      if (!mayChange(viewer, conversation)) throw new LabelingForbidden();
      const label = { id: createId(), name };
      await queries.insert(viewer.tenantId, conversation.id, label);
      return label;
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

export const Label: ResolversOf<'label', 'Label'> = {
  id: (label) => toPublicId('label', label.id),
};

export const Conversation: ResolversOf<'label', 'Conversation'> = {
  labels: batched((conversations, args, { loaders }) =>
    connectionsOf(loaders.label.byConversationId, conversations.map(({ id }) => id), args)),
};

export const Mutation: ResolversOf<'label', 'Mutation'> = {
  createLabel: withUserErrors(async ({ input }, context) => ({
    label: await context.services.label.create(viewerOf(context), input),
  })),
};
`,
  'domain.ts': `
import type { Domain } from '../../graphql/domain.ts';
import { loadByPublicId } from '../../graphql/load-many.ts';
import { createLabelLoaders, type LabelLoaders } from './loaders.ts';
import { createLabelQueries, type LabelQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createLabelService, type LabelService } from './service.ts';

/** Labels of conversations. */
export const label: Domain<'label', LabelQueries, LabelLoaders, LabelService> = {
  resolvers,
  access: { Mutation: { createLabel: { who: 'signedIn', scope: 'write' } } },
  node: { type: 'Label', prefix: 'label', find: (id, loaders) => loadByPublicId(loaders.label.byId, 'label', id) },
  queries: createLabelQueries,
  loaders: ({ database, viewer }) => createLabelLoaders(createLabelQueries(database), viewer),
  service: ({ queries, ...dependencies }) => createLabelService({ ...dependencies, queries: queries.label }),
};
`,
};
