import { createApp, withPlatform } from '../app.ts';
import type { Config } from '../config.ts';

/** Begins a session and prints its token, alone, on standard output. */
export async function tokenCommand(
  config: Config,
  email: string,
  tenantSlug: string | null,
): Promise<number> {
  return withPlatform(config, async (platform) => {
    const app = createApp({ ...platform, config });
    console.log(await beginSession(app, email, tenantSlug, 'parley token'));
    return 0;
  });
}

/** @throws Error when there is no such active person, or they are no member of that tenant */
export async function beginSession(
  { queries, services }: Pick<ReturnType<typeof createApp>, 'queries' | 'services'>,
  email: string,
  tenantSlug: string | null,
  userAgent: string,
): Promise<string> {
  const account = await queries.session.credentialsByEmail(email);
  if (account === null || !account.isActive) throw new Error(`There is no active user ${email}.`);
  const membership = account.memberships.find(({ slug }) => tenantSlug === null || slug === tenantSlug);
  if (membership === undefined) {
    throw new Error(`${email} is no active member of ${tenantSlug ?? 'any tenant'}.`);
  }
  const { token } = await services.session.begin(account, membership, { userAgent, ipAddress: null });
  return token;
}
