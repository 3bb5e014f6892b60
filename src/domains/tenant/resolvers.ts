import { adminOf, viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { connectionsOf, firstOf, mappedConnectionsOf } from '../../graphql/connection.ts';
import type { QueryUsersArgs } from '../../graphql/generated/resolver-types.ts';
import { loadManyOrThrow } from '../../graphql/load-many.ts';
import { storableText } from '../../platform/text.ts';
import { toPublicId } from '../../platform/ids.ts';
import { membershipIdOf, membershipIn, type TenantUsage } from './model.ts';
import type { MemberFilter } from './queries.ts';

/** The queries of tenants. */
export const Query: ResolversOf<'tenant', 'Query'> = {
  tenant: async (_parent, _args, { viewer, loaders }) =>
    viewer === null ? null : loaders.tenant.byId.load(viewer.tenantId),
  async users(_parent, args, context) {
    const { loaders } = context;
    const members = loaders.tenant.members(memberFilterFrom(args));
    return firstOf(
      await mappedConnectionsOf(members, [viewerOf(context).tenantId], args, {
        toNodes: (memberships) =>
          loadManyOrThrow(
            (ids) => loaders.user.allById(ids),
            memberships.map((membership) => membership.userId),
          ),
      }),
    );
  },
};

/** The mutations of tenants. */
export const Mutation: ResolversOf<'tenant', 'Mutation'> = {
  updateMembership: withUserErrors(async ({ input }, context) => ({
    membership: await context.services.tenant.updateMembership(viewerOf(context), input),
  })),
};

/** The fields of `Tenant` that this domain resolves. */
export const Tenant: ResolversOf<'tenant', 'Tenant'> = {
  id: (tenant) => toPublicId('tenant', tenant.id),
  viewerMembership: membershipIn,
  members: batched((tenants, args, { loaders }) =>
    connectionsOf(
      loaders.tenant.members(memberFilterFrom(args)),
      tenants.map((tenant) => tenant.id),
      args,
    ),
  ),
  usage: batched(async (tenants, _args, context) => {
    const { tenantId } = adminOf(context);
    const own = tenants.some((tenant) => tenant.id === tenantId)
      ? await context.loaders.tenant.usage(new Date(context.clock.now()))
      : nothing;
    return tenants.map((tenant) => (tenant.id === tenantId ? own : nothing));
  }),
};

/** The fields of `Membership` that this domain resolves. */
export const Membership: ResolversOf<'tenant', 'Membership'> = {
  id: membershipIdOf,
  user: batched((memberships, _args, { loaders }) =>
    loadManyOrThrow(
      (ids) => loaders.user.allById(ids),
      memberships.map((membership) => membership.userId),
    ),
  ),
  tenant: batched((memberships, _args, { loaders }) =>
    loadManyOrThrow(
      loaders.tenant.byId,
      memberships.map((membership) => membership.tenantId),
    ),
  ),
};

/** The fields of `User` that this domain resolves. */
export const User: ResolversOf<'tenant', 'User'> = {
  memberships: batched((users, _args, { loaders }) =>
    Promise.all(users.map((user) => loaders.tenant.membershipsByUserId.load(user.id))),
  ),
};

/**
 * The usage of a tenant other than the viewer's: zero, because its members and conversations are not visible.
 */
const nothing: TenantUsage = {
  members: 0,
  activeSessions: 0,
  conversations: 0,
  messages: 0,
  messagesLast24Hours: 0,
  messagesLast30Days: 0,
};

const searchCharactersMax = 200;

/**
 * The filter of a list of members.
 * @throws BadUserInput for a text that cannot be searched
 */
function memberFilterFrom(args: Pick<QueryUsersArgs, 'role' | 'search'>): MemberFilter {
  const search = args.search ?? '';
  return {
    role: args.role ?? null,
    search: search.trim() === '' ? null : storableText('search', search, searchCharactersMax),
  };
}
