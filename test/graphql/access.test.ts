import { isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rule } from '../../src/graphql/access.ts';
import { mergeAccess } from '../../src/graphql/merge-domains.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import {
  anApiKey,
  aConversation,
  aTenant,
  aUser,
  type TestTenant,
  type TestUser,
} from '../support/builders.ts';
import { smallestOperation } from '../support/smallest-operation.ts';
import { startTestApp, type Answer, type TestApp } from '../support/test-app.ts';

const scopes = ['read', 'write', 'admin'] as const;
const schema = createSchema();
const rootFields = (['Query', 'Mutation'] as const).flatMap((root) => {
  const type = schema.getType(root);
  if (!isObjectType(type)) throw new Error(`There is no ${root}.`);
  const rules = new Map<string, Rule>(Object.entries(mergeAccess()[root]));
  return Object.values(type.getFields()).map((field) => {
    const rule = rules.get(field.name);
    if (rule === undefined) throw new Error(`There is no rule for ${field.name}.`);
    return { name: field.name, operation: smallestOperation(root, field), rule };
  });
});
const fieldsWhere = (isWanted: (rule: Rule) => boolean) =>
  rootFields.filter(({ rule }) => isWanted(rule)).map((each) => [each.name, each] as const);

let testApp: TestApp;
let tenant: TestTenant;
/** Owner of the tenant and admin of the platform: whom only a scope can stop. */
let ruler: TestUser;
let owner: TestUser;
let member: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  tenant = await aTenant(testApp);
  ruler = await aUser(testApp, tenant, { role: 'OWNER', isPlatformAdmin: true });
  owner = await aUser(testApp, tenant, { role: 'OWNER' });
  member = await aUser(testApp, tenant);
});
afterAll(() => testApp.close());

const keyWith = async (user: TestUser, ...allowed: readonly string[]) =>
  (await anApiKey(testApp, tenant, user, { scopes: allowed })).secret;
const refusalOf = (answer: Answer) =>
  answer.errors?.map(({ message, extensions: { code } }) => ({ code, message }));

describe('a root field', () => {
  it('has an access rule', () => {
    expect(rootFields.length).toBeGreaterThan(20);
  });

  it.each(fieldsWhere(({ who }) => who !== 'anyone'))(
    'is rejected for anonymous callers: %s',
    async (_name, { operation }) => {
      expect(refusalOf(await testApp.ask(operation))).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
    },
  );

  it.each(fieldsWhere(({ who }) => who === 'tenantAdmin'))(
    'is rejected for members: %s',
    async (_name, { operation }) => {
      const answer = await testApp.ask(operation, { token: member.token });

      expect(refusalOf(answer)).toEqual([
        { code: 'FORBIDDEN', message: 'This is for admins of the tenant.' },
      ]);
    },
  );

  it.each(fieldsWhere(({ who }) => who === 'platformAdmin'))(
    'is rejected for tenant owners: %s',
    async (_name, { operation }) => {
      const answer = await testApp.ask(operation, { token: owner.token });

      expect(refusalOf(answer)).toEqual([
        { code: 'FORBIDDEN', message: 'This is for admins of the platform.' },
      ]);
    },
  );

  it.each(fieldsWhere(({ scope }) => scope !== null))(
    'requires its scope and no other: %s',
    async (_name, { operation, rule }) => {
      const others = scopes.filter((scope) => scope !== rule.scope);
      const without = await testApp.ask(operation, { token: await keyWith(ruler, ...others) });
      const withIt = await testApp.ask(operation, { token: await keyWith(ruler, String(rule.scope)) });

      expect(refusalOf(without)).toEqual([
        {
          code: 'FORBIDDEN',
          message: `This needs the scope \`${rule.scope}\`, which this API key does not have.`,
        },
      ]);
      expect(refusalOf(withIt)?.filter(({ code }) => code === 'FORBIDDEN') ?? []).toEqual([]);
    },
  );

  it.each(fieldsWhere(({ who, scope }) => who.endsWith('Admin') && scope === 'admin'))(
    'requires the role as well as the scope: %s',
    async (_name, { operation }) => {
      const answer = await testApp.ask(operation, { token: await keyWith(member, ...scopes) });

      expect(refusalOf(answer)).toMatchObject([{ code: 'FORBIDDEN' }]);
    },
  );
});

describe("an admin's API key without the scope admin", () => {
  it('reads what a member reads', async () => {
    const secret = await aConversation(testApp, tenant, {
      owner: member,
      visibility: 'PRIVATE',
      title: 'secret',
    });
    const query = `{ conversation(id: "${secret.id}") { title } user(id: "${member.id}") { email lastLoginAt sessions { totalCount } apiKeys { totalCount } } }`;
    const plain = await testApp.data(query, { token: await keyWith(owner, 'read', 'write') });
    const full = await testApp.data(query, { token: await keyWith(owner, ...scopes) });

    expect(plain).toEqual({
      conversation: null,
      user: { email: null, lastLoginAt: null, sessions: { totalCount: 0 }, apiKeys: { totalCount: 0 } },
    });
    expect(full).toMatchObject({ conversation: { title: 'secret' }, user: { email: member.email } });
  });
});

describe('an API key with write and without read', () => {
  const mutation = (selection: string) =>
    `mutation { createConversation(input: { title: "written" }) { conversation { ${selection} } userErrors { code } } }`;

  it('gets what it wrote', async () => {
    const data = await testApp.data(mutation('title isArchived'), { token: await keyWith(member, 'write') });

    expect(data.createConversation).toEqual({
      conversation: { title: 'written', isArchived: false },
      userErrors: [],
    });
  });

  it.each([
    'owner { id }',
    'messages { totalCount }',
    'participants { nodes { conversations { totalCount } } }',
  ])('is not led on from there by %s', async (selection) => {
    const answer = await testApp.ask(mutation(selection), { token: await keyWith(member, 'write') });

    expect(refusalOf(answer)).toEqual([
      { code: 'FORBIDDEN', message: 'This needs the scope `read`, which this API key does not have.' },
    ]);
  });
});
