import { z } from 'zod';
import { emailInput } from '../../platform/email-address.ts';
import { NotFound, Unauthenticated } from '../../platform/errors.ts';
import { createId, fromPublicId, toPublicId } from '../../platform/ids.ts';
import { invalidInput, optionalText, parseInput } from '../../platform/input.ts';
import { Role } from '../../platform/postgres/generated/enums.ts';
import { auditEntry } from '../audit/model.ts';
import type { Viewer } from '../session/model.ts';
import type { BeforeInvitation } from './invitation/queries.ts';
import {
  createOneTimeToken,
  tokenHashOf,
  TokenRejected,
  type Invitation,
  type ReceivedInvitation,
} from './model.ts';
import { invalidToken, type AccountOptions } from './options.ts';

const inviteSchema = z.object({ email: emailInput, role: z.enum(Role) });
const revokeSchema = z.object({ invitationId: z.string() });
const acceptSchema = z.object({
  token: optionalText(z.string().max(200, 'must have at most 200 characters')),
  invitationId: optionalText(z.string()),
});

/** An invitation with the token to hand over; null if it is sent by email. */
export interface Invited {
  readonly invitation: Invitation;
  readonly token: string | null;
}

/** Creates the part of the service by which people become members: invited, and by their own consent. */
export function createInvitations(options: AccountOptions) {
  const { queries, limits, mail, waitForInvalidation, clock } = options;

  async function accept(
    viewer: Viewer | null,
    input: unknown,
    ipAddress: string | null,
  ): Promise<ReceivedInvitation> {
    const { token, invitationId } = parseInput(acceptSchema, input);
    const now = new Date(clock.now());
    if (typeof token === 'string') {
      const attempt = { email: `token ${token}`, ipAddress, knownSessionId: null };
      await limits.count(attempt);
      const accepting = { userId: viewer?.userId ?? null, createdId: createId(), now };
      const accepted = await queries.acceptByToken(tokenHashOf(token), accepting);
      await limits.succeed(attempt);
      return accepted;
    }
    if (viewer === null) throw new Unauthenticated();
    const id = fromPublicId('invitation', invitationId ?? '');
    if (id === null) throw new NotFound('invitation', ['input', 'invitationId']);
    return queries.acceptById(id, viewer.userId, now);
  }

  return {
    /**
     * Invites an address; its person decides.
     * @throws InvalidInput for invalid input, for a member, and for a role that the viewer may not grant
     */
    async invite(viewer: Viewer, tenantName: string, input: unknown): Promise<Invited> {
      const { email, role } = parseInput(inviteSchema, input);
      const isMailed = mail.isEnabled;
      const use = { purpose: 'ACCEPT_INVITATION', email, userId: null, invitation: null, isMailed } as const;
      const { token, stored } = createOneTimeToken(use, clock.now());
      const entry = (id: string) => {
        const note = { action: 'inviteMember', target: toPublicId('invitation', id), details: { role } };
        return auditEntry(viewer, note, stored.createdAt);
      };
      const change = { id: createId(), email, role, token: stored, entry };
      const invitation = await queries.invite(viewer, change, (before) => refuseUnlessAllowed(before, role));
      if (isMailed) mail.later(() => mail.send('invitation', email, { token, tenant: tenantName }));
      return { invitation, token: isMailed ? null : token };
    },

    /** @throws NotFound without such an open invitation */
    async revokeInvitation(viewer: Viewer, input: unknown): Promise<Invitation> {
      const { invitationId } = parseInput(revokeSchema, input);
      const id = fromPublicId('invitation', invitationId);
      const note = { action: 'revokeInvitation', target: invitationId };
      const entry = auditEntry(viewer, note, new Date(clock.now()));
      const revoked = id === null ? null : await queries.revokeInvitation(viewer, id, entry);
      if (revoked === null) throw new NotFound('invitation', ['input', 'invitationId']);
      return revoked;
    },

    /** @throws InvalidInput for an invitation that is not open, or not for the viewer's verified address */
    async acceptInvitation(
      viewer: Viewer | null,
      input: unknown,
      ipAddress: string | null,
    ): Promise<ReceivedInvitation> {
      if (viewer !== null && viewer.apiKeyId !== null) {
        throw invalidInput('FORBIDDEN', 'An API key cannot accept invitations; sign in instead.');
      }
      const accepted = await accept(viewer, input, ipAddress).catch(refuseRejected);
      await waitForInvalidation();
      return accepted;
    },
  };
}

function refuseUnlessAllowed({ actorRole, isMemberActive, invitedRole }: BeforeInvitation, role: Role): void {
  const roles = invitedRole === null ? [role] : [role, invitedRole];
  const isAllowed = actorRole === 'OWNER' || roles.every((each) => each === 'MEMBER' || each === 'GUEST');
  if (actorRole === null || actorRole === 'MEMBER' || actorRole === 'GUEST' || !isAllowed) {
    throw invalidInput('FORBIDDEN', 'Only an OWNER can invite OWNERs and ADMINs.', ['role']);
  }
  const reason = 'ALREADY_A_MEMBER';
  if (isMemberActive === true) {
    throw invalidInput('CONFLICT', 'This user is already a member.', ['email'], { reason });
  }
  if (isMemberActive === false) {
    const message = 'This user is a suspended member; updateMembership reinstates them.';
    throw invalidInput('CONFLICT', message, ['email'], { reason });
  }
}

function refuseRejected(error: unknown): never {
  if (!(error instanceof TokenRejected)) throw error;
  if (error.reason === 'otherAddress') {
    throw invalidInput('FORBIDDEN', 'This invitation is for another email address than that of the viewer.', [
      'token',
    ]);
  }
  throw invalidToken();
}
