import { hash } from 'node:crypto';
import sql from 'sql-template-tag';
import { createId, toPublicId } from '../../src/platform/ids.ts';
import type { App } from '../../src/app/app.ts';
import type { Viewer } from '../../src/domains/session/model.ts';
import type { Clock } from '../../src/platform/runtime/clock.ts';
import type { Database } from '../../src/platform/postgres/database.ts';

/** The parts of a test app that builders need. */
interface Ground {
  readonly app: Pick<App, 'coherence'>;
  readonly database: Database;
  readonly clock: Clock;
}

export interface TestTenant {
  readonly uuid: string;
  readonly id: string;
  readonly slug: string;
}

export interface TestUser {
  readonly uuid: string;
  readonly id: string;
  readonly email: string;
  readonly token: string;
}

export interface TestConversation {
  readonly uuid: string;
  readonly id: string;
  /** In the order of their positions. */
  readonly messageIds: readonly string[];
}

/** A key for programs. */
export interface TestApiKey {
  readonly uuid: string;
  readonly id: string;
  readonly secret: string;
}

type Role = Viewer['role'];

export async function aTenant(
  { database }: Ground,
  slug = `tenant-${createId().slice(-12)}`,
  organisation: string | null = null,
): Promise<TestTenant> {
  const uuid = createId();
  await database.query(sql`insert into tenants (id, slug, name, external_id)
    values (${uuid}::uuid, ${slug}, ${slug}, ${organisation})`);
  return { uuid, id: toPublicId('tenant', uuid), slug };
}

/** A member of the tenant, with a session. */
export async function aUser(
  testApp: Ground,
  tenant: TestTenant,
  options: {
    readonly role?: Role;
    readonly firstName?: string;
    readonly lastName?: string;
    readonly isPlatformAdmin?: boolean;
    readonly passwordHash?: string;
  } = {},
): Promise<TestUser> {
  const { database, clock } = testApp;
  const uuid = createId();
  const email = `user-${uuid.slice(-12)}@example.org`;
  await database.query(sql`insert into users (id, email, first_name, last_name, password_hash, is_platform_admin, email_verified_at, created_at)
    values (${uuid}::uuid, ${email}, ${options.firstName ?? 'Test'}, ${options.lastName ?? 'Person'},
      ${options.passwordHash ?? null}, ${options.isPlatformAdmin ?? false}, ${new Date(clock.now())}, ${new Date(clock.now())})`);
  const user = { uuid, id: toPublicId('user', uuid), email };
  return { ...user, token: await aMembership(testApp, tenant, user, options.role) };
}

/** Makes a person a member of one more tenant; answers the token of a session there. */
export async function aMembership(
  { app, database, clock }: Ground,
  tenant: TestTenant,
  user: { readonly uuid: string },
  role: Role = 'MEMBER',
): Promise<string> {
  const now = new Date(clock.now());
  await database.query(sql`insert into memberships (tenant_id, user_id, role, joined_at)
    values (${tenant.uuid}::uuid, ${user.uuid}::uuid, ${role}::role, ${now})`);
  // A new membership is announced to the caches, and must not end what the test is about to fill in.
  await app.coherence.waitForInvalidation();
  return aSession({ database, clock }, tenant, user);
}

/** Creates a further session of a member and returns its token. */
export async function aSession(
  { database, clock }: Pick<Ground, 'database' | 'clock'>,
  tenant: TestTenant,
  user: { readonly uuid: string },
): Promise<string> {
  const token = `parley_session_${hash('sha256', createId(), 'base64url')}`;
  const now = new Date(clock.now());
  await database.query(sql`insert into sessions (tenant_id, id, user_id, token_hash, created_at, last_seen_at, expires_at)
    values (${tenant.uuid}::uuid, ${createId()}::uuid, ${user.uuid}::uuid, ${hash('sha256', token, 'buffer')},
      ${now}, ${now}, ${new Date(clock.now() + 86_400_000)})`);
  return token;
}

/** Creates an API key of a member, by default with all scopes and without expiry. */
export async function anApiKey(
  { database, clock }: Ground,
  tenant: TestTenant,
  user: { readonly uuid: string },
  options: { readonly scopes?: readonly string[]; readonly expiresAt?: Date } = {},
): Promise<TestApiKey> {
  const uuid = createId();
  const secret = `parley_key_${hash('sha256', uuid, 'base64url')}`;
  await database.query(sql`insert into api_keys
      (tenant_id, id, user_id, name, prefix, key_hash, scopes, created_at, expires_at)
    values (${tenant.uuid}::uuid, ${uuid}::uuid, ${user.uuid}::uuid, 'A key', ${secret.slice(0, 17)},
      ${hash('sha256', secret, 'buffer')}, ${options.scopes ?? ['read', 'write', 'admin']}::text[],
      ${new Date(clock.now())}, ${options.expiresAt ?? null})`);
  return { uuid, id: toPublicId('key', uuid), secret };
}

/** A conversation with messages; all times are the same, because that is where ordering goes wrong. */
export async function aConversation(
  { database, clock }: Ground,
  tenant: TestTenant,
  options: {
    readonly owner?: TestUser;
    readonly participants?: readonly TestUser[];
    readonly visibility?: 'PRIVATE' | 'TENANT';
    readonly title?: string;
    readonly messages?: readonly string[];
    readonly author?: TestUser;
  } = {},
): Promise<TestConversation> {
  const uuid = createId();
  const now = new Date(clock.now());
  const messages = (options.messages ?? []).map((content) => ({ uuid: createId(), content }));
  await database.query(sql`insert into conversations
      (tenant_id, id, owner_id, title, visibility, message_count, last_position, created_at, updated_at)
    values (${tenant.uuid}::uuid, ${uuid}::uuid, ${options.owner?.uuid ?? null}::uuid, ${options.title ?? 'A conversation'},
      ${options.visibility ?? 'TENANT'}::visibility, ${messages.length}, ${messages.length}, ${now}, ${now})`);
  await database.query(sql`insert into participants (tenant_id, conversation_id, user_id, joined_at)
    select ${tenant.uuid}::uuid, ${uuid}::uuid, id, ${now}
    from unnest(${(options.participants ?? []).map((user) => user.uuid)}::uuid[]) as id`);
  await database.query(sql`insert into messages (tenant_id, conversation_id, id, position, author_id, content, created_at)
    select ${tenant.uuid}::uuid, ${uuid}::uuid, id, position, ${options.author?.uuid ?? null}::uuid, content, ${now}
    from unnest(${messages.map((message) => message.uuid)}::uuid[], ${messages.map((message) => message.content)}::text[])
      with ordinality as message(id, content, position)`);
  return {
    uuid,
    id: toPublicId('conv', uuid),
    messageIds: messages.map((message) => toPublicId('msg', message.uuid)),
  };
}

/** The viewer of a user, as queries take it. */
export function viewerOf(tenant: TestTenant, user: { readonly uuid: string }, role: Role): Viewer {
  return {
    tenantId: tenant.uuid,
    userId: user.uuid,
    role,
    isPlatformAdmin: false,
    session: null,
    apiKeyId: null,
    scopes: [],
  };
}
