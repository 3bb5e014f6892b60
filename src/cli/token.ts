import { createApp, type App } from '../app/app.ts';
import type { Config } from '../app/config/config.ts';
import { withPlatform } from '../app/open-platform.ts';

/** The user, tenant and name of a new session. */
export interface TokenRequest {
  /** An email address, or an external ID such as `import:<tenant>:<author>`. */
  readonly user: string;
  /** Null for the tenant that the user joined first. */
  readonly tenantSlug: string | null;
  /** The name of the session in the list of sessions. */
  readonly device: string;
}

/** Creates a session and prints only its token to standard output. */
export async function tokenCommand(config: Config, request: Omit<TokenRequest, 'device'>): Promise<number> {
  return withPlatform(config, async (platform) => {
    const app = createApp({ ...platform, config });
    console.log(await beginSession(app, { ...request, device: 'parley token' }));
    return 0;
  });
}

/**
 * Creates a session without a password, which access to the database makes unnecessary. A platform admin who
 * is no member of the tenant becomes its admin first, so that an imported tenant is accessible.
 * @throws Error when the user or tenant does not exist or is inactive, or the user is not a member
 */
export async function beginSession(
  { queries, services }: Pick<App, 'queries' | 'services'>,
  { user, tenantSlug, device }: TokenRequest,
): Promise<string> {
  const account = user.startsWith('import:')
    ? await queries.session.credentialsByExternalId(user)
    : await queries.session.credentialsByEmail(user);
  if (account === null || !account.isActive) throw new Error(`There is no active user ${user}.`);

  const known = account.memberships.find(({ slug }) => tenantSlug === null || slug === tenantSlug);
  const membership =
    known === undefined && tenantSlug !== null && account.isPlatformAdmin
      ? await queries.tenant.addAdmin(tenantSlug, account.userId)
      : (known ?? null);
  if (membership === null)
    throw new Error(`${user} is not an active member of ${tenantSlug ?? 'any tenant'}.`);
  const { token } = await services.session.begin(account, membership, { userAgent: device, ipAddress: null });
  return token;
}
