import { maySeePrivateFieldsOf } from '../../graphql/access.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';

/** The identity of a user. */
export const User: ResolversOf<'identity', 'User'> = {
  identity: (user, _args, { viewer }) => (maySeePrivateFieldsOf(user, viewer) ? user.identity : null),
};
