import { maySeePrivateFieldsOf, viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import type { RequestContext } from '../../graphql/context.ts';
import { fromPublicId, toPublicId } from '../../platform/ids.ts';
import type { Viewer } from '../session/model.ts';
import type { User as UserRow } from './model.ts';

/** The queries of users. */
export const Query: ResolversOf<'user', 'Query'> = {
  viewer: (_parent, _args, { viewer, loaders }) =>
    viewer === null ? null : firstOf(loaders.user.allById([viewer.userId])),
  user(_parent, args, { loaders }) {
    const id = fromPublicId('user', args.id);
    return id === null ? null : firstOf(loaders.user.allById([id]));
  },
};

/** The mutations of users. */
export const Mutation: ResolversOf<'user', 'Mutation'> = {
  updateProfile: withUserErrors(async ({ input }, context) => {
    const { userId } = viewerOf(context);
    await context.services.user.updateProfile(viewerOf(context), input);
    return { user: await context.loaders.user.byId.load(userId) };
  }),
  completeOnboarding: withUserErrors(async (_args, context) => {
    const viewer = viewerOf(context);
    await context.services.user.completeOnboarding(viewer);
    return { user: await context.loaders.user.byId.load(viewer.userId) };
  }),
};

/** The fields of `User` that this domain resolves. */
export const User: ResolversOf<'user', 'User'> = {
  id: (user) => toPublicId('user', user.id),
  displayName,
  profile: (user) => user,
  email: (user, _args, { viewer }) => (maySeePrivateFieldsOf(user, viewer) ? user.email : null),
  isPlatformAdmin: (user, _args, { viewer }) =>
    maySeePrivateFieldsOf(user, viewer) ? user.isPlatformAdmin : null,
  lastLoginAt: (user, _args, { viewer }) => (isOwn(user, viewer) ? user.lastLoginAt : null),
};

/** The fields of `Profile`, whose row is the user. */
export const Profile: ResolversOf<'user', 'Profile'> = {
  id: (user) => toPublicId('profile', user.id),
  firstName: ({ profile }) => profile.firstName,
  lastName: ({ profile }) => profile.lastName,
  bio: ({ profile }) => profile.bio,
  avatarUrl: ({ profile }) => profile.avatarUrl,
  locale: ({ profile }) => profile.locale,
  timezone: ({ profile }) => profile.timezone,
  preferences: (user, _args, { viewer }) => (isOwn(user, viewer) ? user.profile.preferences : {}),
  updatedAt: ({ profile }) => profile.updatedAt,
};

/** Returns whether the row is the viewer's own: what belongs to no tenant is for its person's eyes only. */
function isOwn(user: UserRow, viewer: Viewer | null): boolean {
  return viewer?.userId === user.id;
}

/** The first element, synchronously if the list is there. */
function firstOf(
  found: readonly (UserRow | null)[] | Promise<readonly (UserRow | null)[]>,
): UserRow | null | Promise<UserRow | null> {
  return found instanceof Promise ? found.then(([user = null]) => user) : (found[0] ?? null);
}

/** Falls back to the first part of the email address only for viewers who may see the address. */
function displayName(user: UserRow, _args: unknown, { viewer }: RequestContext): string {
  const { firstName, lastName } = user.profile;
  const name = [firstName, lastName].filter((part) => part !== null && part !== '').join(' ');
  if (name !== '') return name;
  return (maySeePrivateFieldsOf(user, viewer) ? user.email?.split('@')[0] : null) ?? 'Someone';
}
