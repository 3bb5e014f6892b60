import { getNamedType, isCompositeType, isInterfaceType, isObjectType, type GraphQLNamedType } from 'graphql';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rule } from '../../src/graphql/access.ts';
import { mergeAccess } from '../../src/graphql/merge-domains.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import {
  aConversation,
  aMembership,
  anApiKey,
  aTenant,
  aUser,
  type TestConversation,
  type TestTenant,
  type TestUser,
} from '../support/builders.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';
import { visibility } from '../support/visibility.ts';

const schema = createSchema();

let provider: TestIdentityProvider;
let testApp: TestApp;
let tenant: TestTenant;
let second: TestTenant;
let person: TestUser;
let conversation: TestConversation;
let tokens: Readonly<Record<string, string | undefined>>;

beforeAll(async () => {
  provider = await startIdentityProvider();
  testApp = await startTestApp({ ...provider.environment, QUERY_COST_MAX: '0' });
  [tenant, second] = [await aTenant(testApp, 'first'), await aTenant(testApp, 'second')];
  await testApp.database.query(sql`update tenants set external_id = 'org_' || slug`);
  person = await aUser(testApp, tenant);
  await aMembership(testApp, second, person);
  await testApp.database.query(sql`update users set last_login_at = now(), external_id = 'user_1',
    identity_provider = 'https://elsewhere.example.org' where id = ${person.uuid}::uuid`);
  const [owner, guest] = [await aUser(testApp, tenant, { role: 'OWNER' }), await aGuest()];
  conversation = await aConversation(testApp, tenant, {
    owner: person,
    participants: [person, guest],
    author: person,
    messages: ['hello'],
  });
  const keyOf = async (user: TestUser, ...scopes: string[]) =>
    (await anApiKey(testApp, tenant, user, { scopes })).secret;
  tokens = {
    themselves: person.token,
    'a key of theirs': await keyOf(person, 'read'),
    'an owner': owner.token,
    'an admin': (await aUser(testApp, tenant, { role: 'ADMIN' })).token,
    'an admin of the provider': await provider.token({ sub: 'user_2', o: organisation('admin') }),
    'a key of an owner with the scope admin': await keyOf(owner, 'read', 'admin'),
    'a key of an owner without the scope admin': await keyOf(owner, 'read', 'write'),
    'a member': (await aUser(testApp, tenant)).token,
    'a member of the provider': await provider.token({ sub: 'user_3', o: organisation('member') }),
    'an admin of the platform': (await aUser(testApp, tenant, { isPlatformAdmin: true })).token,
    'a guest': guest.token,
    'an owner of another tenant': (await aUser(testApp, second, { role: 'OWNER' })).token,
    'an owner elsewhere': (await aUser(testApp, await aTenant(testApp), { role: 'OWNER' })).token,
    'a stranger': undefined,
  };
});
afterAll(async () => {
  await testApp.close();
  await provider.close();
});

const aGuest = () => aUser(testApp, tenant, { role: 'GUEST' });
const organisation = (role: string) => ({ id: 'org_first', rol: role, slg: 'first' });

describe('the visibility table', () => {
  it('has every field that callers other than platform admins can reach', () => {
    const isPlain = ({ name }: GraphQLNamedType) =>
      !/Payload$|Connection$|Edge$|^PageInfo$|^UserError(Params)?$/.test(name);
    const reached = [...reachedTypes()].filter((type) => isObjectType(type) && isPlain(type));
    const fields = reached.flatMap((type) =>
      isObjectType(type) ? [[type.name, Object.keys(type.getFields()).toSorted()]] : [],
    );

    expect(Object.fromEntries(fields)).toEqual(
      Object.fromEntries(
        Object.entries(visibility).map(([name, each]) => [name, Object.keys(each).toSorted()]),
      ),
    );
  });
});

/** Ways to one and the same person. */
const routes: readonly ((selection: string) => string)[] = [
  (selection) => `{ user(id: "${person.id}") { ${selection} } }`,
  (selection) => `{ node(id: "${person.id}") { ... on User { ${selection} } } }`,
  (selection) => `{ nodes(ids: ["${person.id}"]) { ... on User { ${selection} } } }`,
  (selection) => `{ conversation(id: "${conversation.id}") { owner { ${selection} } } }`,
  (selection) =>
    `{ node(id: "${conversation.messageIds[0]}") { ... on Message { author { ${selection} } } } }`,
  (selection) => `{ conversation(id: "${conversation.id}") { participants { nodes { ${selection} } } } }`,
  (selection) => `{ searchMessages(query: "hello") { nodes { author { ${selection} } } } }`,
];

const fieldsOf = (kind: string) =>
  Object.entries(visibility['User'] ?? {}).flatMap(([name, each]) => (each === kind ? [name] : []));

describe('a user, on every path', () => {
  it.each([
    ['themselves', true, ['first', 'second']],
    ['a key of theirs', true, ['first']],
    ['an owner', true, ['first']],
    ['an admin', true, ['first']],
    ['an admin of the provider', true, ['first']],
    ['a key of an owner with the scope admin', true, ['first']],
    ['a key of an owner without the scope admin', false, ['first']],
    ['a member', false, ['first']],
    ['a member of the provider', false, ['first']],
    ['an admin of the platform', false, ['first']],
    ['a guest', false, ['first']],
  ])('is shown to %s, with what is private: %s', async (who, isPrivateShown, slugs) => {
    for (const seen of await inTurn(routes, (route) => seenBy(who, route(everything)))) {
      expect(seen).toHaveLength(1);
      const [row] = seen;
      for (const name of fieldsOf('row')) expect(row?.[name]).not.toBeNull();
      const isOwn = who === 'themselves' || who === 'a key of theirs';
      for (const name of fieldsOf('own')) expect(row?.[name] !== null).toBe(isOwn);
      for (const name of fieldsOf('private')) expect(row?.[name] !== null).toBe(isPrivateShown);
      for (const name of fieldsOf('privateList')) {
        expect(row?.[name]).toMatchObject({ totalCount: isPrivateShown ? expect.any(Number) : 0 });
        expect(JSON.stringify(row?.[name]).includes('"id"')).toBe(isPrivateShown);
      }
      expect(row?.['memberships']).toEqual(slugs.map((slug) => ({ tenant: { slug } })));
    }
  });

  it.each(['an owner elsewhere', 'a stranger'])('is not shown to %s', async (who) => {
    expect(await inTurn(routes, (route) => seenBy(who, route(everything)))).toEqual(routes.map(() => []));
  });

  it('is shown to an admin of another tenant as a member of that tenant', async () => {
    const [user = (selection: string) => selection, , , ...throughTheFirst] = routes;
    const [row] = await seenBy('an owner of another tenant', user(everything));

    expect(row).toMatchObject({
      email: person.email,
      memberships: [{ tenant: { slug: 'second' } }],
      apiKeys: { totalCount: 0, nodes: [] },
      sessions: { totalCount: 1 },
    });
    expect(
      await inTurn(throughTheFirst, (route) => seenBy('an owner of another tenant', route(everything))),
    ).toEqual(throughTheFirst.map(() => []));
  });
});

describe('another tenant of a user', () => {
  it.each([
    ['themselves', true],
    ['a key of theirs', false],
    ['an owner', false],
  ])('is found by its id by %s: %s', async (who, isShown) => {
    const data = await testApp.data(`{ node(id: "${second.id}") { id } }`, { token: tokens[who] });

    expect(data.node).toEqual(isShown ? { id: second.id } : null);
  });
});

describe('sessions and keys', () => {
  it.each([
    ['themselves', true],
    ['an admin', true],
    ['a key of an owner without the scope admin', false],
    ['a member', false],
    ['an admin of the platform', false],
    ['an owner of another tenant', false],
    ['a stranger', false],
  ])('are found by their id by %s: %s', async (who, isShown) => {
    const own = await testApp.data(`{ viewer { sessions { nodes { id } } apiKeys { nodes { id } } } }`, {
      token: person.token,
    });
    const ids = [own.viewer.sessions.nodes[0].id, own.viewer.apiKeys.nodes[0].id];
    const data = await testApp.data('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      token: tokens[who],
      variables: { ids },
    });

    expect(data.nodes).toEqual(ids.map((id) => (isShown ? { id } : null)));
  });
});

describe('fields for tenant admins', () => {
  it.each([
    ['an owner', undefined],
    ['an admin of the provider', undefined],
    ['a key of an owner with the scope admin', undefined],
    ['a key of an owner without the scope admin', 'FORBIDDEN'],
    ['a member', 'FORBIDDEN'],
    ['an admin of the platform', 'FORBIDDEN'],
    ['a guest', 'FORBIDDEN'],
  ])('is answered to %s with %s', async (who, code) => {
    const answer = await testApp.ask('{ tenant { usage { members } } }', { token: tokens[who] });

    expect(answer.errors?.[0]?.extensions.code).toBe(code);
  });
});

/** All fields of a person that the table has. */
const everything = Object.keys(visibility['User'] ?? {})
  .map((name) => {
    const type = schema.getType('User');
    const field = isObjectType(type) ? type.getFields()[name] : undefined;
    if (field === undefined || !isCompositeType(getNamedType(field.type))) return name;
    if (name === 'memberships') return 'memberships { tenant { slug } }';
    return getNamedType(field.type).name.endsWith('Connection')
      ? `${name} { totalCount nodes { id } }`
      : `${name} { __typename }`;
  })
  .join(' ');

type Seen = Readonly<Record<string, unknown>>;

/** The person, wherever they stand in the answer. */
async function seenBy(who: string, query: string): Promise<Seen[]> {
  const answer = await testApp.ask(query, { token: tokens[who] });
  return peopleIn(answer.data);
}

function peopleIn(value: unknown): Seen[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string, unknown][] = Object.entries(value);
  if (entries.some(([name, each]) => name === 'id' && each === person.id))
    return [Object.fromEntries(entries)];
  return entries.flatMap(([, each]) => peopleIn(each));
}

async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

/** The types that can be reached without being an admin of the platform. */
function reachedTypes(): Set<GraphQLNamedType> {
  const reached = new Set<GraphQLNamedType>();
  const visit = (type: GraphQLNamedType): void => {
    if (reached.has(type) || !isCompositeType(type)) return;
    reached.add(type);
    if (isInterfaceType(type)) schema.getPossibleTypes(type).forEach(visit);
    else if (isObjectType(type)) {
      Object.values(type.getFields()).forEach((field) => visit(getNamedType(field.type)));
    }
  };
  for (const root of ['Query', 'Mutation'] as const) {
    const type = schema.getType(root);
    const rules = new Map<string, Rule>(Object.entries(mergeAccess()[root]));
    for (const field of isObjectType(type) ? Object.values(type.getFields()) : []) {
      if (rules.get(field.name)?.who !== 'platformAdmin') visit(getNamedType(field.type));
    }
  }
  return reached;
}
