import type { Config } from '../../app/config/config.ts';
import type { Account } from '../../domains/administration/model.ts';
import type { Tenant } from '../../domains/tenant/model.ts';
import { toPublicId } from '../../platform/ids.ts';
import { readPassword } from './read-password.ts';
import { withServices, type Services } from './with-services.ts';

/** An account that a command creates. */
export interface NewUser {
  readonly email: string;
  readonly tenant: string;
  readonly role?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  /** The password is read from standard input. */
  readonly passwordStdin?: boolean;
}

/** The maximum number of accounts that `user list` prints. */
const listMax = 10_000;

/**
 * Creates a platform admin who owns a tenant, and the tenant if it does not exist. An account that exists
 * becomes platform admin and owner, with its password unchanged.
 */
export async function createAdminCommand(
  config: Config,
  { name, ...user }: NewUser & { name?: string },
): Promise<number> {
  return withServices(config, async (app) => {
    const { administration } = app.services;
    const account = await app.queries.administration.accountByEmail(user.email);
    const password = account === null ? await passwordOf(user) : null;
    const tenant =
      (await app.queries.administration.tenantBySlug(user.tenant)) ??
      (await administration.createTenant(null, { slug: user.tenant, name: user.tenant }));
    if (account !== null) {
      await administration.promote(null, account, tenant);
      console.log(`${user.email} is an admin of the platform and an owner of ${tenant.slug} now.`);
      return;
    }
    const created = await administration.createUser(null, {
      ...user,
      firstName: name,
      tenantId: toPublicId('tenant', tenant.id),
      role: 'OWNER',
      isPlatformAdmin: true,
      password,
    });
    console.log(`${user.email} is an admin of the platform and an owner of ${tenant.slug} now.`);
    printToken(created.token);
  });
}

/** Creates an account with a membership of a tenant. */
export async function createUserCommand(config: Config, user: NewUser): Promise<number> {
  return withServices(config, async (app) => {
    const tenant = await tenantOf(app, user.tenant);
    const input = { ...user, tenantId: toPublicId('tenant', tenant.id), role: user.role ?? 'MEMBER' };
    const password = await passwordOf(user);
    const { token } = await app.services.administration.createUser(null, { ...input, password });
    console.log(`${user.email} is a member of ${tenant.slug} now.`);
    printToken(token);
  });
}

/** Prints accounts, one a line: address, state, tenants. */
export async function listUsersCommand(config: Config, tenantSlug: string | null): Promise<number> {
  return withServices(config, async ({ queries }) => {
    for (const account of await queries.administration.firstAccounts(tenantSlug, listMax))
      console.log(lineOf(account));
  });
}

/** Sets the password of an account, or prints a token with which its person chooses one. */
export async function setPasswordCommand(
  config: Config,
  { email, passwordStdin }: { readonly email: string; readonly passwordStdin: boolean },
): Promise<number> {
  return withServices(config, async (app) => {
    const account = await accountOf(app, email);
    const password = await passwordOf({ passwordStdin });
    const userId = toPublicId('user', account.id);
    const { token } = await app.services.administration.setPassword(null, { userId, password });
    if (token === null) console.log(`The password of ${email} is changed, and its sessions are revoked.`);
    else printToken(token);
  });
}

/** Disables or enables an account. */
export async function setActiveCommand(config: Config, email: string, isActive: boolean): Promise<number> {
  return withServices(config, async (app) => {
    const { id } = await accountOf(app, email);
    await app.services.administration.setActive(null, { userId: toPublicId('user', id), isActive });
    console.log(`${email} is ${isActive ? 'enabled' : 'disabled'} now.`);
  });
}

/** @throws Error when there is no such tenant */
export async function tenantOf({ queries }: Services, slug: string): Promise<Tenant> {
  const tenant = await queries.administration.tenantBySlug(slug);
  if (tenant === null) throw new Error(`There is no tenant with the slug ${slug}.`);
  return tenant;
}

async function accountOf({ queries }: Services, email: string): Promise<Account> {
  const account = await queries.administration.accountByEmail(email);
  if (account === null) throw new Error(`There is no user with the email address ${email}.`);
  return account;
}

async function passwordOf({ passwordStdin = false }: Pick<NewUser, 'passwordStdin'>): Promise<string | null> {
  return readPassword({ input: process.stdin, output: process.stderr }, passwordStdin);
}

function lineOf({ email, isActive, isPlatformAdmin, hasPassword, tenantSlugs }: Account): string {
  const marks = [
    ...(isActive ? [] : ['disabled']),
    ...(isPlatformAdmin ? ['platform admin'] : []),
    ...(hasPassword ? [] : ['no password']),
  ];
  return [email, ...(marks.length === 0 ? [] : [`(${marks.join(', ')})`]), tenantSlugs.join(' ')].join('  ');
}

function printToken(token: string | null): void {
  if (token === null) return;
  console.log('A password can be chosen once within an hour, by the mutation resetPassword with this token:');
  console.log(token);
}
