import DataLoader from 'dataloader';
import type { PagedList } from '../../paging/paged-list.ts';
import { byKeys } from '../../platform/postgres/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { Conversation, ReadConversation } from './model.ts';
import type { ConversationListing, ConversationQueries } from './queries.ts';

/** How a request finds conversations; only those that the viewer may read exist here. */
export interface ConversationLoaders {
  readonly byId: DataLoader<string, Conversation | null>;
  /** By id, for messages that were read: a conversation that became private since is still theirs. */
  readonly ofMessage: DataLoader<string, Conversation | null>;
  /** By tenant. */
  readonly byTenantId: (listing: ConversationListing) => PagedList<ReadConversation>;
  /** By user. */
  readonly byUserId: (listing: ConversationListing) => PagedList<ReadConversation>;
}

export function createConversationLoaders(queries: ConversationQueries, viewer: Viewer): ConversationLoaders {
  return {
    byId: new DataLoader(async (ids) => byKeys(ids, await queries.byIds(viewer, ids), (found) => found.id)),
    ofMessage: new DataLoader(async (ids) =>
      byKeys(ids, await queries.ofMessages(viewer.tenantId, ids), (found) => found.id),
    ),
    byTenantId: (listing) => queries.ofTenants(viewer, listing),
    byUserId: (listing) => queries.ofUsers(viewer, listing),
  };
}
