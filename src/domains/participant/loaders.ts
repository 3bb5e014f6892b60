import type { PagedList } from '../../paging/paged-list.ts';
import type { Viewer } from '../session/model.ts';
import type { Participation } from './model.ts';
import type { ParticipantQueries } from './queries.ts';

/** Loaders of participants for a request. */
export interface ParticipantLoaders {
  /** Lists by conversation. */
  readonly byConversationId: PagedList<Participation>;
}

/** Creates the loaders of participants for one request. */
export function createParticipantLoaders(queries: ParticipantQueries, viewer: Viewer): ParticipantLoaders {
  return { byConversationId: queries.inConversations(viewer.tenantId) };
}
