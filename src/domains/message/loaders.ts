import DataLoader from 'dataloader';
import type { MessageRole } from '../../platform/postgres/generated/enums.ts';
import type { PagedList } from '../../paging/paged-list.ts';
import { byKeys } from '../../platform/postgres/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { Message, MessageProjection, MessageSummary } from './model.ts';
import type { MessageQueries } from './queries.ts';

/** Loaders of messages for a request; only messages that the viewer may read are found. */
export interface MessageLoaders {
  readonly byId: DataLoader<string, Message | null>;
  /** The newest message of each conversation, in the order of the IDs; null for an empty conversation. */
  readonly lastInConversations: (
    conversationIds: readonly string[],
    projection: MessageProjection,
  ) => Promise<readonly (MessageSummary | null)[]>;
  /** Lists by conversation. */
  readonly byConversationId: (
    role: MessageRole | null,
    projection: MessageProjection,
  ) => PagedList<MessageSummary>;
  /** Lists by author. */
  readonly byAuthorId: (projection: MessageProjection) => PagedList<MessageSummary>;
  /** Returns false for a search that only excludes words. */
  readonly saysWhatToFind: (words: string) => Promise<boolean>;
  /** Lists by search words, in the syntax of a web search. */
  readonly containing: (
    words: string,
    conversationId: string | null,
    projection: MessageProjection,
  ) => PagedList<MessageSummary>;
}

/** Creates the loaders of messages for one request. */
export function createMessageLoaders(queries: MessageQueries, viewer: Viewer): MessageLoaders {
  const { tenantId } = viewer;
  return {
    byId: new DataLoader(async (ids) =>
      byKeys(ids, await queries.byIds(viewer, ids), (message) => message.id),
    ),
    lastInConversations: async (ids, projection) =>
      byKeys(
        ids,
        await queries.lastInConversations(tenantId, ids, projection),
        (message) => message.parentId,
      ),
    byConversationId: (role, projection) => queries.inConversations(tenantId, role, projection),
    byAuthorId: (projection) => queries.byAuthors(viewer, projection),
    saysWhatToFind: (words) => queries.saysWhatToFind(words),
    containing: (words, conversationId, projection) =>
      queries.containing(viewer, words, conversationId, projection),
  };
}
