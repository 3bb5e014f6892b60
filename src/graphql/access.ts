import { isTenantAdmin, type Viewer } from '../domains/session/model.ts';
import type { User } from '../domains/user/model.ts';
import { Forbidden, Unauthenticated } from '../platform/errors.ts';
import type { RootResolvers } from './complete.ts';
import type { RequestContext } from './context.ts';

/** Who may ask a root field at all. Which rows they then see is decided by the queries, which all begin with the viewer. */
type Rule = (viewer: Viewer | null) => void;

/** A root field that is not listed does not compile. */
export const access = {
  Query: {
    conversation: signedIn,
    conversations: signedIn,
    message: signedIn,
    model: anyone,
    models: anyone,
    node: anyone,
    nodes: anyone,
    searchMessages: signedIn,
    settings: anyone,
    tenant: anyone,
    user: signedIn,
    users: tenantAdmin,
    viewer: anyone,
  },
  Mutation: {
    addParticipant: signedIn,
    completeOnboarding: signedIn,
    createConversation: signedIn,
    deleteConversation: signedIn,
    deleteMessage: signedIn,
    editMessage: signedIn,
    invalidateCache: platformAdmin,
    removeParticipant: signedIn,
    sendMessage: signedIn,
    setModelEnabled: platformAdmin,
    signIn: anyone,
    signOut: signedIn,
    updateConversation: signedIn,
    updateProfile: signedIn,
    updateSettings: platformAdmin,
    upsertModel: platformAdmin,
  },
} as const satisfies { readonly [Root in keyof RootResolvers]: Record<keyof RootResolvers[Root], Rule> };

/** Whether a mutation is for admins alone: such a mutation leaves an entry in the audit log, done or refused. */
export function isForAdmins(mutation: string): boolean {
  const rules: readonly Rule[] = [tenantAdmin, platformAdmin];
  return Object.entries<Rule>(access.Mutation).some(
    ([name, rule]) => name === mutation && rules.includes(rule),
  );
}

/** E-mail address and last sign-in: for oneself and for admins of the tenant. */
export function maySeePrivateFieldsOf(user: User, viewer: Viewer | null): boolean {
  return viewer !== null && (viewer.userId === user.id || isTenantAdmin(viewer));
}

/**
 * The viewer of a field that only people who are signed in can reach.
 * @throws Unauthenticated
 */
export function viewerOf(context: RequestContext): Viewer {
  if (context.viewer === null) throw new Unauthenticated();
  return context.viewer;
}

function anyone(): void {}

function signedIn(viewer: Viewer | null): asserts viewer is Viewer {
  if (viewer === null) throw new Unauthenticated();
}

function tenantAdmin(viewer: Viewer | null): void {
  signedIn(viewer);
  if (!isTenantAdmin(viewer)) throw new Forbidden('This is for admins of the tenant.');
}

function platformAdmin(viewer: Viewer | null): void {
  signedIn(viewer);
  if (!viewer.isPlatformAdmin) throw new Forbidden('This is for admins of the platform.');
}
