import DataLoader from 'dataloader';
import type { MessageRole } from '../../platform/postgres/generated/enums.ts';
import type { PagedList } from '../../paging/paged-list.ts';
import { byKeys, type ColumnSet } from '../../platform/postgres/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { Message, ReadMessage } from './model.ts';
import type { MessageQueries } from './queries.ts';

/** How a request finds messages; only those that the viewer may read exist here. */
export interface MessageLoaders {
  readonly byId: DataLoader<string, Message | null>;
  /** The newest of each conversation, in their order. */
  readonly lastInConversations: (
    conversationIds: readonly string[],
    columnSet: ColumnSet,
  ) => Promise<readonly (ReadMessage | null)[]>;
  /** By conversation. */
  readonly byConversationId: (role: MessageRole | null, columnSet: ColumnSet) => PagedList<ReadMessage>;
  /** By author. */
  readonly byAuthorId: (columnSet: ColumnSet) => PagedList<ReadMessage>;
  readonly saysWhatToFind: (words: string) => Promise<boolean>;
  readonly containing: (
    words: string,
    conversationId: string | null,
    columnSet: ColumnSet,
  ) => PagedList<ReadMessage>;
}

export function createMessageLoaders(queries: MessageQueries, viewer: Viewer): MessageLoaders {
  const { tenantId } = viewer;
  return {
    byId: new DataLoader(async (ids) =>
      byKeys(ids, await queries.byIds(viewer, ids), (message) => message.id),
    ),
    lastInConversations: async (ids, columnSet) =>
      byKeys(ids, await queries.lastInConversations(tenantId, ids, columnSet), (message) => message.parentId),
    byConversationId: (role, columnSet) => queries.inConversations(tenantId, role, columnSet),
    byAuthorId: (columnSet) => queries.byAuthors(viewer, columnSet),
    saysWhatToFind: (words) => queries.saysWhatToFind(words),
    containing: (words, conversationId, columnSet) =>
      queries.containing(viewer, words, conversationId, columnSet),
  };
}
