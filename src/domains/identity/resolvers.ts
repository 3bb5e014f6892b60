import { maySeePrivateFieldsOf } from '../../graphql/access.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { toPublicId } from '../../platform/ids.ts';
import { identified } from './model.ts';

/** The identity of a user. */
export const User: ResolversOf<'identity', 'User'> = {
  identity: (user, _args, { viewer }) => (maySeePrivateFieldsOf(user, viewer) ? identified(user) : null),
};

/** The fields of `Identity`, whose row is the user. */
export const Identity: ResolversOf<'identity', 'Identity'> = {
  id: (user) => toPublicId('identity', user.id),
  provider: ({ identity }) => identity.provider,
  externalId: ({ identity }) => identity.externalId,
  providerUpdatedAt: ({ identity }) => identity.providerUpdatedAt,
  lastSyncedAt: ({ identity }) => identity.lastSyncedAt,
};
