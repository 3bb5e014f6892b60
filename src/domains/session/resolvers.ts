import { viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { connectionsOf } from '../../graphql/connection.ts';
import { loadManyOrThrow } from '../../graphql/load-many.ts';
import { toPublicId } from '../../platform/ids.ts';

/** The mutations of sessions. */
export const Mutation: ResolversOf<'session', 'Mutation'> = {
  revokeSession: withUserErrors(async ({ input }, context) => {
    const session = await context.services.session.revoke(viewerOf(context), input);
    if (session.id === context.caller?.session?.id) context.signOutCaller();
    return { session };
  }),
  liftSignInLimit: withUserErrors(async ({ input }, context) => {
    const userId = await context.services.session.liftSignInLimit(viewerOf(context), input);
    return { user: await context.loaders.user.byId.load(userId) };
  }),
  signIn: withUserErrors(async ({ input }, context) => {
    const { token, session, viewer } = await context.services.session.signIn(input, context.device);
    // The payload is resolved for the user who has just signed in, who may see more than the anonymous
    // caller.
    context.resetFor(viewer);
    return { token, session, user: await context.loaders.user.byId.load(viewer.userId) };
  }),
  signOut: withUserErrors(async (_args, context) => {
    const viewer = viewerOf(context);
    const { identity, session: sessions } = context.services;
    // A token of the identity provider belongs to no session here.
    const session = viewer.tokenIssuedAt === undefined ? await sessions.signOut(viewer) : null;
    if (viewer.tokenIssuedAt !== undefined) await identity.signOut(viewer);
    context.signOutCaller();
    return { session };
  }),
};

/** The fields of `Session` that this domain resolves. */
export const Session: ResolversOf<'session', 'Session'> = {
  id: (session) => toPublicId('session', session.id),
  user: batched((sessions, _args, { loaders }) =>
    loadManyOrThrow(
      (ids) => loaders.user.allById(ids),
      sessions.map((session) => session.userId),
    ),
  ),
  tenant: batched((sessions, _args, { loaders }) =>
    loadManyOrThrow(
      loaders.tenant.byId,
      sessions.map((session) => session.tenantId),
    ),
  ),
  isCurrent: (session, _args, { viewer }) => viewer?.session?.id === session.id,
};

/** The fields of `User` that this domain resolves. */
export const User: ResolversOf<'session', 'User'> = {
  sessions: batched((users, args, { loaders, clock }) =>
    connectionsOf(
      loaders.session.byUserId(args.activeOnly === false ? null : new Date(clock.now())),
      users.map((user) => user.id),
      args,
    ),
  ),
};
