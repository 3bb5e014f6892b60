import { viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { connectionsOf, firstOf } from '../../graphql/connection.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { toPublicId } from '../../platform/ids.ts';

/** The queries of accounts. */
export const Query: ResolversOf<'account', 'Query'> = {
  async invitations(_parent, args, context) {
    const invitations = context.loaders.account.invitations(new Date(context.clock.now()));
    return firstOf(await connectionsOf(invitations, [viewerOf(context).tenantId], args));
  },
  receivedInvitations: (_parent, _args, context) =>
    context.loaders.account.received(new Date(context.clock.now())),
};

/** The mutations of accounts. */
export const Mutation: ResolversOf<'account', 'Mutation'> = {
  inviteMember: withUserErrors(async ({ input }, context) => {
    const viewer = viewerOf(context);
    const tenant = await context.loaders.tenant.byId.load(viewer.tenantId);
    return context.services.account.invite(viewer, tenant?.name ?? '', input);
  }),
  revokeInvitation: withUserErrors(async ({ input }, context) => ({
    invitation: await context.services.account.revokeInvitation(viewerOf(context), input),
  })),
  acceptInvitation: withUserErrors(async ({ input }, context) => ({
    invitation: await context.services.account.acceptInvitation(
      context.viewer,
      input,
      context.device.ipAddress,
    ),
  })),
  requestSignUp: withUserErrors(async ({ input }, { services, device }) => {
    await services.account.requestSignUp(input, device.ipAddress);
    return { isAccepted: true };
  }),
  signUp: withUserErrors(async ({ input }, context) => {
    const { services, device } = context;
    const { account, membership } = await services.account.signUp(input, device.ipAddress);
    const { token, session, viewer } = await services.session.begin(account, membership, device);
    context.resetFor(viewer);
    return { token, session, user: await context.loaders.user.byId.load(viewer.userId) };
  }),
  changePassword: withUserErrors(async ({ input }, context) => {
    const viewer = viewerOf(context);
    await context.services.account.changePassword(viewer, input, context.device.ipAddress);
    return { user: await context.loaders.user.byId.load(viewer.userId) };
  }),
  requestPasswordReset: withUserErrors(async ({ input }, { services, device }) => {
    await services.account.requestPasswordReset(input, device.ipAddress);
    return { isAccepted: true };
  }),
  resetPassword: withUserErrors(async ({ input }, { services, device }) => {
    await services.account.resetPassword(input, device.ipAddress);
    return { isChanged: true };
  }),
  requestEmailVerification: withUserErrors(async (_args, context) => {
    await context.services.account.requestEmailVerification(viewerOf(context), context.device.ipAddress);
    return { isAccepted: true };
  }),
  verifyEmail: withUserErrors(async ({ input }, { services, device }) => {
    await services.account.verifyEmail(input, device.ipAddress);
    return { isVerified: true };
  }),
};

/** The fields of `Invitation` that this domain resolves. */
export const Invitation: ResolversOf<'account', 'Invitation'> = {
  id: (invitation) => toPublicId('invitation', invitation.id),
};

/** The fields of `ReceivedInvitation` that this domain resolves. */
export const ReceivedInvitation: ResolversOf<'account', 'ReceivedInvitation'> = {
  id: (invitation) => toPublicId('invitation', invitation.id),
};
