import { z } from 'zod';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { Role } from '../../platform/postgres/generated/enums.ts';
import { NotFound } from '../../platform/errors.ts';
import { fromPublicId } from '../../platform/ids.ts';
import { parseInput, invalidInput, textInput } from '../../platform/input.ts';
import { auditEntry } from '../audit/model.ts';
import type { Viewer } from '../session/model.ts';
import type { Membership } from './model.ts';
import type { Concerned, MembershipState, TenantQueries } from './queries.ts';

const updateSchema = z.object({
  userId: z.string(),
  role: z.enum(Role).nullish(),
  permissions: z
    .array(textInput({ min: 1, max: 100 }))
    .max(100, 'must have at most 100 entries')
    .transform((names) => [...new Set(names)])
    .nullish(),
  isActive: z.boolean().nullish(),
});

/** The service for tenants. */
export type TenantService = ReturnType<typeof createTenantService>;

/**
 * Creates the service for members. An OWNER manages all members, an ADMIN MEMBERs and GUESTs, by their
 * current roles in the database; a tenant never loses its last active OWNER.
 */
export function createTenantService(options: {
  readonly queries: TenantQueries;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
}) {
  const { queries, waitForInvalidation, clock } = options;

  return {
    /**
     * @throws InvalidInput for invalid input, for members whom the viewer may not manage, and for the last
     * OWNER
     */
    async updateMembership(viewer: Viewer, input: unknown): Promise<Membership> {
      const { userId: publicId, ...changes } = parseInput(updateSchema, input);
      const userId = fromPublicId('user', publicId);
      const now = new Date(clock.now());
      const updated =
        userId === null
          ? null
          : await queries.changeMembership(viewer, userId, (concerned, before) => {
              const after = changed(before, changes);
              if (!mayDecide(concerned, [before.role])) throw notEntitled('userId');
              if (!mayDecide(concerned, [after.role])) throw notEntitled('role');
              refuseToLoseTheLastOwner(concerned, before, after);
              const note = { action: 'updateMembership', target: publicId, details: { before, after } };
              const isActivityDecided = typeof changes.isActive === 'boolean';
              return { ...after, isActivityDecided, entry: auditEntry(viewer, note, now) };
            });
      if (updated === null) throw new NotFound('member', ['input', 'userId']);
      // Invalidates the cached rights of the member's sessions, keys and tokens.
      await waitForInvalidation();
      return updated;
    },
  };
}

/** Applies changes; null leaves a value unchanged, like undefined. */
function changed(
  before: MembershipState,
  changes: { readonly [Key in keyof MembershipState]?: MembershipState[Key] | null | undefined },
): MembershipState {
  return {
    role: changes.role ?? before.role,
    permissions: changes.permissions ?? before.permissions,
    isActive: changes.isActive ?? before.isActive,
  };
}

function mayDecide({ actorRole }: Concerned, roles: readonly Role[]): boolean {
  if (actorRole === 'OWNER') return true;
  return actorRole === 'ADMIN' && roles.every((role) => role === 'MEMBER' || role === 'GUEST');
}

function notEntitled(field: string) {
  return invalidInput('FORBIDDEN', 'Only an OWNER can manage OWNERs and ADMINs.', [field]);
}

function refuseToLoseTheLastOwner(
  { hasOtherOwner }: Concerned,
  before: MembershipState,
  after: MembershipState,
): void {
  const isOwner = ({ role, isActive }: MembershipState) => role === 'OWNER' && isActive;
  if (isOwner(before) && !isOwner(after) && !hasOtherOwner) {
    throw invalidInput(
      'CONFLICT',
      'A tenant needs at least one OWNER; appoint another one first.',
      ['userId'],
      { reason: 'LAST_OWNER' },
    );
  }
}
