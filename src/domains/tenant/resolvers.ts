import { viewerOf } from '../../graphql/access.ts';
import { batched } from '../../graphql/batched.ts';
import type { CompleteType, RootFields, TypeFields } from '../../graphql/complete.ts';
import { connectionsOf, firstOf, mappedConnectionsOf } from '../../graphql/connection.ts';
import type { QueryUsersArgs } from '../../graphql/generated/resolver-types.ts';
import { loadPresent } from '../../graphql/load-all.ts';
import { storableText } from '../../platform/database/text.ts';
import { toPublicId } from '../../platform/ids.ts';
import type { MemberFilter } from './queries.ts';

export const Query: RootFields<'Query', 'tenant' | 'users'> = {
  tenant: async (_parent, _args, { viewer, loaders }) =>
    viewer === null ? null : loaders.tenant.byId.load(viewer.tenantId),
  async users(_parent, args, context) {
    const { loaders } = context;
    const members = loaders.tenant.members(memberFilterFrom(args));
    return firstOf(
      await mappedConnectionsOf(members, [viewerOf(context).tenantId], args, {
        toNodes: (memberships) =>
          loadPresent(
            loaders.user.byId,
            memberships.map((membership) => membership.userId),
          ),
      }),
    );
  },
};

export const Tenant: TypeFields<'Tenant', 'id' | 'members'> = {
  id: (tenant) => toPublicId('tenant', tenant.id),
  members: batched((tenants, args, { loaders }) =>
    connectionsOf(
      loaders.tenant.members(memberFilterFrom(args)),
      tenants.map((tenant) => tenant.id),
      args,
    ),
  ),
};

export const Membership: CompleteType<'Membership'> = {
  user: batched((memberships, _args, { loaders }) =>
    loadPresent(
      loaders.user.byId,
      memberships.map((membership) => membership.userId),
    ),
  ),
  tenant: batched((memberships, _args, { loaders }) =>
    loadPresent(
      loaders.tenant.byId,
      memberships.map((membership) => membership.tenantId),
    ),
  ),
};

export const User: TypeFields<'User', 'memberships'> = {
  memberships: batched((users, _args, { loaders }) =>
    Promise.all(users.map((user) => loaders.tenant.membershipsByUserId.load(user.id))),
  ),
};

const searchCharactersMax = 200;

/**
 * Which members are asked for.
 * @throws BadUserInput for a text that cannot be searched
 */
function memberFilterFrom(args: Pick<QueryUsersArgs, 'role' | 'search'>): MemberFilter {
  const search = args.search ?? '';
  return {
    role: args.role ?? null,
    search: search.trim() === '' ? null : storableText('search', search, searchCharactersMax),
  };
}
