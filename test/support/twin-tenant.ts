import sql from 'sql-template-tag';
import { membershipIdOf } from '../../src/domains/tenant/model.ts';
import { toPublicId } from '../../src/platform/ids.ts';
import { hashPassword } from '../../src/platform/security/passwords.ts';
import { aConversation, anApiKey, aTenant, aUser, type TestTenant, type TestUser } from './builders.ts';
import type { TestApp } from './test-app.ts';

/**
 * A tenant that looks exactly like its twin, save for its ids and for one word that is in every text of it.
 */
export interface TwinTenant {
  readonly tenant: TestTenant;
  readonly word: string;
  readonly people: Readonly<Record<'owner' | 'admin' | 'member' | 'guest', TestUser>>;
  /** Of the owner, who is an admin of the platform too. */
  readonly password: string;
  /** The credentials of all users, including the owner's key. */
  readonly tokens: readonly string[];
  readonly ids: Readonly<
    Record<
      | 'conversation'
      | 'message'
      | 'user'
      | 'session'
      | 'apiKey'
      | 'tenant'
      | 'profile'
      | 'identity'
      | 'membership',
      readonly string[]
    >
  >;
}

const conversations = 6;
const messagesEach = 6;

export async function aTwinTenant(testApp: TestApp, word: string): Promise<TwinTenant> {
  const tenant = await aTenant(testApp, `the-${word}`);
  const password = `the password of ${word}`;
  const person = (role: 'OWNER' | 'ADMIN' | 'MEMBER' | 'GUEST', options = {}) =>
    aUser(testApp, tenant, { role, firstName: `Given ${word}`, lastName: `Family ${word}`, ...options });
  const people = {
    owner: await person('OWNER', { isPlatformAdmin: true, passwordHash: await hashPassword(password) }),
    admin: await person('ADMIN'),
    member: await person('MEMBER'),
    guest: await person('GUEST'),
  };
  const key = await anApiKey(testApp, tenant, people.owner);
  const talks = [];
  for (let index = 0; index < conversations; index += 1) {
    talks.push(
      await aConversation(testApp, tenant, {
        owner: people.member,
        author: index % 2 === 0 ? people.member : people.guest,
        participants: [people.member, people.guest, people.admin],
        visibility: index % 3 === 0 ? 'PRIVATE' : 'TENANT',
        title: `Talk ${index} of ${word}`,
        messages: Array.from({ length: messagesEach }, (_, place) => `Message ${place} of ${word}`),
      }),
    );
  }
  await markEverything(testApp, tenant, word);
  const sessions = await testApp.database.query<{ id: string }>(
    sql`select id from sessions where tenant_id = ${tenant.uuid}::uuid`,
  );
  return {
    tenant,
    word,
    people: withAddresses(people, word),
    password,
    tokens: [...Object.values(people).map(({ token }) => token), key.secret],
    ids: {
      conversation: talks.map(({ id }) => id),
      message: talks.flatMap(({ messageIds }) => messageIds),
      user: Object.values(people).map(({ id }) => id),
      session: sessions.map(({ id }) => toPublicId('session', id)),
      apiKey: [key.id],
      tenant: [tenant.id],
      profile: Object.values(people).map((user) => toPublicId('profile', user.uuid)),
      identity: Object.values(people).map((user) => toPublicId('identity', user.uuid)),
      membership: Object.values(people).map(({ uuid }) =>
        membershipIdOf({ tenantId: tenant.uuid, userId: uuid }),
      ),
    },
  };
}

/** Puts the word into what the builders leave out. */
async function markEverything({ database }: TestApp, { uuid }: TestTenant, word: string): Promise<void> {
  const note = JSON.stringify({ note: word, [word]: [1] });
  await database.query(sql`update tenants set name = ${`The ${word}`} where id = ${uuid}::uuid`);
  await database.query(sql`update users u set email = lower(m.role::text) || '@' || ${word} || '.example',
      external_id = 'external-' || ${word} || u.id, identity_provider = 'https://' || ${word} || '.example',
      profile = jsonb_build_object('bio', ${word}::text, 'avatarUrl', 'https://' || ${word} || '.example/me.png',
        'preferences', ${note}::jsonb)
    from memberships m where m.user_id = u.id and m.tenant_id = ${uuid}::uuid`);
  await database.query(
    sql`update memberships set permissions = jsonb_build_array(${word}::text) where tenant_id = ${uuid}::uuid`,
  );
  await database.query(
    sql`update sessions set user_agent = ${word}, ip_address = ${word} where tenant_id = ${uuid}::uuid`,
  );
  await database.query(sql`update api_keys set name = ${word} where tenant_id = ${uuid}::uuid`);
  await database.query(sql`update conversations set external_id = title where tenant_id = ${uuid}::uuid`);
  await database.query(sql`update messages set metadata = ${note}::jsonb where tenant_id = ${uuid}::uuid`);
}

function withAddresses(people: TwinTenant['people'], word: string): TwinTenant['people'] {
  const at = (name: string, user: TestUser) => ({ ...user, email: `${name}@${word}.example` });
  return {
    owner: at('owner', people.owner),
    admin: at('admin', people.admin),
    member: at('member', people.member),
    guest: at('guest', people.guest),
  };
}
