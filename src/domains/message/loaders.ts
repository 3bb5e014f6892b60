import DataLoader from 'dataloader';
import type { MessageRole } from '../../platform/database/generated/enums.ts';
import type { PagedList } from '../../platform/database/paging.ts';
import { byKeys } from '../../platform/database/rows.ts';
import type { Viewer } from '../session/model.ts';
import type { Message } from './model.ts';
import type { MessageQueries } from './queries.ts';

/** How a request finds messages; only those that the viewer may read exist here. */
export interface MessageLoaders {
  readonly byId: DataLoader<string, Message | null>;
  readonly lastByConversationId: DataLoader<string, Message | null>;
  /** By conversation. */
  readonly byConversationId: (role: MessageRole | null) => PagedList<Message>;
  /** By author. */
  readonly byAuthorId: PagedList<Message>;
  readonly saysWhatToFind: (words: string) => Promise<boolean>;
  readonly containing: (words: string, conversationId: string | null) => PagedList<Message>;
}

export function createMessageLoaders(queries: MessageQueries, viewer: Viewer): MessageLoaders {
  const { tenantId } = viewer;
  return {
    byId: new DataLoader(async (ids) =>
      byKeys(ids, await queries.byIds(viewer, ids), (message) => message.id),
    ),
    lastByConversationId: new DataLoader(async (ids) =>
      byKeys(ids, await queries.lastByConversationIds(tenantId, ids), (message) => message.conversationId),
    ),
    byConversationId: (role) => queries.inConversations(tenantId, role),
    byAuthorId: queries.byAuthors(viewer),
    saysWhatToFind: (words) => queries.saysWhatToFind(words),
    containing: (words, conversationId) => queries.containing(viewer, words, conversationId),
  };
}
