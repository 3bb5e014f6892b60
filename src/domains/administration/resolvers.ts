import { viewerOf } from '../../graphql/access.ts';
import { connectionsOf, firstOf } from '../../graphql/connection.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { toPublicId } from '../../platform/ids.ts';
import { isNone, storableText } from '../../platform/text.ts';

const slugCharactersMax = 100;

/** The queries of platform administration. */
export const Query: ResolversOf<'administration', 'Query'> = {
  async accounts(_parent, args, context) {
    const { tenantSlug } = args;
    const slug = isNone(tenantSlug) ? null : storableText('tenantSlug', tenantSlug, slugCharactersMax);
    const accounts = context.loaders.administration.accounts(slug);
    return firstOf(await connectionsOf(accounts, [viewerOf(context).userId], args));
  },
};

/** The mutations of platform administration. */
export const Mutation: ResolversOf<'administration', 'Mutation'> = {
  createTenant: withUserErrors(async ({ input }, context) => ({
    tenant: await context.services.administration.createTenant(viewerOf(context), input),
  })),
  renameTenant: withUserErrors(async ({ input }, context) => ({
    tenant: await context.services.administration.renameTenant(viewerOf(context), input),
  })),
  deleteTenant: withUserErrors(({ input }, context) =>
    context.services.administration.deleteTenant(viewerOf(context), input),
  ),
  createUser: withUserErrors(({ input }, context) =>
    context.services.administration.createUser(viewerOf(context), input),
  ),
  setUserPassword: withUserErrors(({ input }, context) =>
    context.services.administration.setPassword(viewerOf(context), input),
  ),
  setUserActive: withUserErrors(async ({ input }, context) => ({
    account: await context.services.administration.setActive(viewerOf(context), input),
  })),
};

/** The fields of `Account` that this domain resolves. */
export const Account: ResolversOf<'administration', 'Account'> = {
  id: (account) => toPublicId('user', account.id),
};
