import DataLoader from 'dataloader';
import type { PagedList } from '../../paging/paged-list.ts';
import { byKeys } from '../../platform/postgres/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { Conversation, ConversationSummary } from './model.ts';
import type { ConversationListing, ConversationQueries } from './queries.ts';

/** Loaders of conversations for a request; only conversations that the viewer may read are found. */
export interface ConversationLoaders {
  readonly byId: DataLoader<string, Conversation | null>;
  /** Loads the conversations of messages that were read, even if they have become private since. */
  readonly ofMessage: DataLoader<string, Conversation | null>;
  /** Lists by tenant. */
  readonly byTenantId: (listing: ConversationListing) => PagedList<ConversationSummary>;
  /** Lists by user. */
  readonly byUserId: (listing: ConversationListing) => PagedList<ConversationSummary>;
}

/** Creates the loaders of conversations for one request. */
export function createConversationLoaders(queries: ConversationQueries, viewer: Viewer): ConversationLoaders {
  return {
    byId: new DataLoader(async (ids) => byKeys(ids, await queries.byIds(viewer, ids), (found) => found.id)),
    ofMessage: new DataLoader(async (ids) =>
      byKeys(ids, await queries.ofMessages(viewer, ids), (found) => found.id),
    ),
    byTenantId: (listing) => queries.ofTenants(viewer, listing),
    byUserId: (listing) => queries.ofUsers(viewer, listing),
  };
}
