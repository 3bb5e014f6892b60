import { isTenantAdmin, type Scope, type Viewer } from '../domains/session/model.ts';
import type { User } from '../domains/user/model.ts';
import { Forbidden, Unauthenticated } from '../platform/errors.ts';
import type { RequestContext } from './context.ts';
import type { DomainFields } from './generated/domain-fields.ts';
import type { DomainName, RootName } from './resolver-types-strict.ts';

/**
 * A root field's requirements: the callers that may select the field, and the scope that their credential
 * needs. Which rows callers then see is decided by the queries, which all begin with the viewer.
 */
export interface Rule {
  readonly who: 'anyone' | 'signedIn' | 'tenantAdmin' | 'platformAdmin';
  /**
   * `read` for queries, `write` for changing the user's own data, `admin` for what only admins may do; null:
   * any credential.
   */
  readonly scope: Scope | null;
  /**
   * True for a mutation with which only admins may change what others own: the audit log records each
   * FORBIDDEN.
   */
  readonly auditsForbidden?: true;
  /**
   * True for a mutation by which a person signs in: an operation with only such fields ignores the credential
   * that comes with it, so that a stale token never keeps its owner out.
   */
  readonly ignoresCredential?: true;
  /** True for a query whose answer to anonymous callers is the same for all of them. */
  readonly isPublic?: true;
}

/** A rule for each root field of a domain's SDL. */
export type AccessRules<Domain extends DomainName> = {
  readonly [Root in keyof DomainFields[Domain] & RootName]: {
    readonly [Field in DomainFields[Domain][Root] & string]: Rule;
  };
};

/**
 * Enforces a root field's access rule.
 * @throws Unauthenticated, Forbidden
 */
export function authorize(viewer: Viewer | null, { who, scope }: Rule): void {
  if (who !== 'anyone' && viewer === null) throw new Unauthenticated();
  if (viewer === null) return;
  // First, because the viewer of an API key without the scope `admin` has no admin role either.
  if (scope !== null) requireScope(viewer, scope);
  if (who === 'tenantAdmin' && !isTenantAdmin(viewer)) {
    throw new Forbidden('This is for admins of the tenant.');
  }
  if (who === 'platformAdmin' && !viewer.isPlatformAdmin) {
    throw new Forbidden('This is for admins of the platform.');
  }
}

/**
 * Rejects fields that fetch for a viewer whose credential lacks the scope `read`. Such a credential gets the
 * rows that its mutations return, and nothing beyond those rows.
 * @throws Forbidden
 */
export function requireReading(viewer: Viewer | null): void {
  if (viewer !== null) requireScope(viewer, 'read');
}

/**
 * Returns true if the viewer may see the email address: users see their own, tenant admins those of all
 * members.
 */
export function maySeePrivateFieldsOf(user: User, viewer: Viewer | null): boolean {
  return viewer !== null && (viewer.userId === user.id || isTenantAdmin(viewer));
}

/**
 * Returns the viewer of a field below the roots that requires a tenant admin.
 * @throws Unauthenticated, Forbidden
 */
export function adminOf(context: RequestContext): Viewer {
  authorize(context.viewer, { who: 'tenantAdmin', scope: 'admin' });
  return viewerOf(context);
}

/**
 * Returns the viewer of a field that requires signing in.
 * @throws Unauthenticated
 */
export function viewerOf(context: RequestContext): Viewer {
  if (context.viewer === null) throw new Unauthenticated();
  return context.viewer;
}

/** Returns true if the viewer's credential has a scope. */
export function mayUse(viewer: Viewer, scope: Scope): boolean {
  return viewer.scopes.includes(scope);
}

function requireScope(viewer: Viewer, scope: Scope): void {
  if (mayUse(viewer, scope)) return;
  throw new Forbidden(`This needs the scope \`${scope}\`, which this API key does not have.`);
}
