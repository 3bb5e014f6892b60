import DataLoader from 'dataloader';
import type { PagedList } from '../../platform/database/paging.ts';
import { byKeys } from '../../platform/database/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { Conversation } from './model.ts';
import type { ConversationFilter, ConversationOrder, ConversationQueries } from './queries.ts';

/** How a request finds conversations; only those that the viewer may read exist here. */
export interface ConversationLoaders {
  readonly byId: DataLoader<string, Conversation | null>;
  /** By id, for messages that were read: a conversation that became private since is still theirs. */
  readonly ofMessage: DataLoader<string, Conversation | null>;
  /** By tenant. */
  readonly byTenantId: (filter: ConversationFilter, order: ConversationOrder) => PagedList<Conversation>;
  /** By user. */
  readonly byUserId: (filter: ConversationFilter, order: ConversationOrder) => PagedList<Conversation>;
}

export function createConversationLoaders(queries: ConversationQueries, viewer: Viewer): ConversationLoaders {
  return {
    byId: new DataLoader(async (ids) => byKeys(ids, await queries.byIds(viewer, ids), (found) => found.id)),
    ofMessage: new DataLoader(async (ids) =>
      byKeys(ids, await queries.ofMessages(viewer.tenantId, ids), (found) => found.id),
    ),
    byTenantId: (filter, order) => queries.ofTenants(viewer, filter, order),
    byUserId: (filter, order) => queries.ofUsers(viewer, filter, order),
  };
}
