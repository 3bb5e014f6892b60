import { maySeePrivateFieldsOf } from '../../graphql/access.ts';
import type { TypeFields } from '../../graphql/resolver-types-strict.ts';

export const User: TypeFields<'User', 'identity'> = {
  identity: (user, _args, { viewer }) => (maySeePrivateFieldsOf(user, viewer) ? user.identity : null),
};
