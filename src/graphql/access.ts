import { isTenantAdmin, type Scope, type Viewer } from '../domains/session/model.ts';
import type { User } from '../domains/user/model.ts';
import { Forbidden, Unauthenticated } from '../platform/errors.ts';
import type { RootResolvers } from './resolver-types-strict.ts';
import type { RequestContext } from './context.ts';

/**
 * Who may ask a root field at all, and which scope their credential needs for it; strangers have no credential. Which
 * rows they then see is decided by the queries, which all begin with the viewer.
 */
export interface Rule {
  readonly who: 'anyone' | 'signedIn' | 'tenantAdmin' | 'platformAdmin';
  /** Null where it matters to nobody what a credential allows. */
  readonly scope: Scope | null;
}

/** Read: queries. Write: changing what is one's own. Admin: what only admins may. A root field that is not listed does not compile. */
export const access = {
  Query: {
    conversation: { who: 'signedIn', scope: 'read' },
    conversations: { who: 'signedIn', scope: 'read' },
    message: { who: 'signedIn', scope: 'read' },
    model: { who: 'anyone', scope: 'read' },
    models: { who: 'anyone', scope: 'read' },
    node: { who: 'anyone', scope: 'read' },
    nodes: { who: 'anyone', scope: 'read' },
    operations: { who: 'platformAdmin', scope: 'admin' },
    rateLimit: { who: 'anyone', scope: null },
    searchMessages: { who: 'signedIn', scope: 'read' },
    settings: { who: 'anyone', scope: 'read' },
    tenant: { who: 'anyone', scope: 'read' },
    user: { who: 'signedIn', scope: 'read' },
    users: { who: 'tenantAdmin', scope: 'admin' },
    viewer: { who: 'anyone', scope: 'read' },
  },
  Mutation: {
    addParticipant: { who: 'signedIn', scope: 'write' },
    cleanupExpiredData: { who: 'platformAdmin', scope: 'admin' },
    completeOnboarding: { who: 'signedIn', scope: 'write' },
    createApiKey: { who: 'signedIn', scope: 'write' },
    createConversation: { who: 'signedIn', scope: 'write' },
    deleteConversation: { who: 'signedIn', scope: 'write' },
    deleteMessage: { who: 'signedIn', scope: 'write' },
    editMessage: { who: 'signedIn', scope: 'write' },
    inviteMember: { who: 'tenantAdmin', scope: 'admin' },
    invalidateCache: { who: 'platformAdmin', scope: 'admin' },
    refreshStatistics: { who: 'platformAdmin', scope: 'admin' },
    removeParticipant: { who: 'signedIn', scope: 'write' },
    revokeApiKey: { who: 'signedIn', scope: 'write' },
    revokeSession: { who: 'signedIn', scope: 'write' },
    sendMessage: { who: 'signedIn', scope: 'write' },
    setModelEnabled: { who: 'platformAdmin', scope: 'admin' },
    signIn: { who: 'anyone', scope: null },
    signOut: { who: 'signedIn', scope: null },
    updateMembership: { who: 'tenantAdmin', scope: 'admin' },
    updateConversation: { who: 'signedIn', scope: 'write' },
    updateProfile: { who: 'signedIn', scope: 'write' },
    updateSettings: { who: 'platformAdmin', scope: 'admin' },
    upsertModel: { who: 'platformAdmin', scope: 'admin' },
    warmCaches: { who: 'platformAdmin', scope: 'admin' },
  },
} as const satisfies { readonly [Root in keyof RootResolvers]: Record<keyof RootResolvers[Root], Rule> };

/** Whether a mutation is for admins alone: such a mutation leaves an entry in the audit log, done or refused. */
export function isForAdmins(mutation: string): boolean {
  return Object.entries<Rule>(access.Mutation).some(
    ([name, { scope }]) => name === mutation && scope === 'admin',
  );
}

/**
 * Lets a root field be asked, or says why not.
 * @throws Unauthenticated, Forbidden
 */
export function authorize(viewer: Viewer | null, { who, scope }: Rule): void {
  if (who !== 'anyone' && viewer === null) throw new Unauthenticated();
  if (viewer === null) return;
  // First, because without the scope admin a key's viewer has no admin's role either.
  if (scope !== null) requireScope(viewer, scope);
  if (who === 'tenantAdmin' && !isTenantAdmin(viewer)) {
    throw new Forbidden('This is for admins of the tenant.');
  }
  if (who === 'platformAdmin' && !viewer.isPlatformAdmin) {
    throw new Forbidden('This is for admins of the platform.');
  }
}

/**
 * Refuses what lies behind the rows of a payload to those who may change things and not read: their own row is answered
 * to them, and nothing that would have to be fetched for it.
 * @throws Forbidden
 */
export function requireReading(viewer: Viewer | null): void {
  if (viewer !== null) requireScope(viewer, 'read');
}

/** E-mail address and last sign-in: for oneself and for admins of the tenant. */
export function maySeePrivateFieldsOf(user: User, viewer: Viewer | null): boolean {
  return viewer !== null && (viewer.userId === user.id || isTenantAdmin(viewer));
}

/**
 * The viewer of a field below the roots that is for admins of the tenant.
 * @throws Unauthenticated, Forbidden
 */
export function adminOf(context: RequestContext): Viewer {
  authorize(context.viewer, { who: 'tenantAdmin', scope: 'admin' });
  return viewerOf(context);
}

/**
 * The viewer of a field that only people who are signed in can reach.
 * @throws Unauthenticated
 */
export function viewerOf(context: RequestContext): Viewer {
  if (context.viewer === null) throw new Unauthenticated();
  return context.viewer;
}

function requireScope(viewer: Viewer, scope: Scope): void {
  if (viewer.scopes.includes(scope)) return;
  throw new Forbidden(`This needs the scope \`${scope}\`, which this API key does not have.`);
}
