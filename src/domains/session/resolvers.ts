import { viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { connectionsOf } from '../../graphql/connection.ts';
import { loadManyOrThrow } from '../../graphql/load-many.ts';
import { toPublicId } from '../../platform/ids.ts';

export const Mutation: ResolversOf<'session', 'Mutation'> = {
  revokeSession: withUserErrors(async ({ input }, context) => {
    const session = await context.services.session.revoke(viewerOf(context), input);
    if (session.id === context.caller?.session?.id) context.signOutCaller();
    return { session };
  }),
  signIn: withUserErrors(async ({ input }, context) => {
    const { token, session, viewer } = await context.services.session.signIn(input, context.device);
    // The payload is answered to the person who just signed in, who may see more than whoever asked.
    context.resetFor(viewer);
    return { token, session, user: await context.loaders.user.byId.load(viewer.userId) };
  }),
  signOut: withUserErrors(async (_args, context) => {
    const session = await context.services.session.signOut(viewerOf(context));
    context.signOutCaller();
    return { session };
  }),
};

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

export const User: ResolversOf<'session', 'User'> = {
  sessions: batched((users, args, { loaders, clock }) =>
    connectionsOf(
      loaders.session.byUserId(args.activeOnly === false ? null : new Date(clock.now())),
      users.map((user) => user.id),
      args,
    ),
  ),
};
