import type { PagedList } from '../../paging/paged-list.ts';
import type { Viewer } from '../session/model.ts';
import type { Invitation, ReceivedInvitation } from './model.ts';
import type { AccountQueries } from './queries.ts';

/** Loaders of accounts for a request. */
export interface AccountLoaders {
  /** Lists open invitations by tenant. */
  invitations(now: Date): PagedList<Invitation>;
  /** Finds the viewer's open invitations, once for each request; none through an API key. */
  received(now: Date): Promise<readonly ReceivedInvitation[]>;
}

/** Creates the loaders of accounts for one request. */
export function createAccountLoaders(queries: AccountQueries, viewer: Viewer): AccountLoaders {
  let received: Promise<readonly ReceivedInvitation[]> | undefined;
  return {
    invitations: (now) => queries.invitations(viewer, now),
    async received(now) {
      if (viewer.apiKeyId !== null) return [];
      return (received ??= queries.receivedInvitations(viewer.userId, now));
    },
  };
}
