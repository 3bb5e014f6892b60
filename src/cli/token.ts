import { createApp, type App } from '../app/app.ts';
import type { Config } from '../app/config/config.ts';
import { withPlatform } from '../app/open-platform.ts';

/** Whose session, where. */
export interface TokenRequest {
  /** An e-mail address, or who they are elsewhere, such as `import:<tenant>:<author>`. */
  readonly user: string;
  /** Null: the tenant that they joined first. */
  readonly tenantSlug: string | null;
  /** What the session is called in the list of sessions. */
  readonly device: string;
}

/** Begins a session and prints its token, alone, on standard output. */
export async function tokenCommand(config: Config, request: Omit<TokenRequest, 'device'>): Promise<number> {
  return withPlatform(config, async (platform) => {
    const app = createApp({ ...platform, config });
    console.log(await beginSession(app, { ...request, device: 'parley token' }));
    return 0;
  });
}

/**
 * Begins a session without a password: whoever runs this has the database anyway. An admin of the platform
 * becomes an admin of the tenant first where they are no member, so that a tenant that came by an import can
 * be looked at.
 * @throws Error when there is no such active person or tenant, or they are no member there
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
  if (membership === null) throw new Error(`${user} is no active member of ${tenantSlug ?? 'any tenant'}.`);
  const { token } = await services.session.begin(account, membership, { userAgent: device, ipAddress: null });
  return token;
}
