import { isEnumType } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSchema } from '../../../src/graphql/schema.ts';
import { errorReasons } from '../../../src/platform/error-reasons.ts';
import { hashPassword } from '../../../src/platform/security/passwords.ts';
import { aConversation, aTenant, aUser, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const future = '2027-01-01T00:00:00Z';

let testApp: TestApp;
let owner: TestUser;
let admin: TestUser;
let member: TestUser;
let ids: Readonly<Record<'open' | 'archived' | 'own' | 'foreign' | 'message' | 'archivedMessage', string>>;
beforeAll(async () => {
  testApp = await startTestApp({ SIGN_IN_LIMIT_PER_ACCOUNT: '3' });
  const tenant = await aTenant(testApp);
  owner = await aUser(testApp, tenant, { role: 'OWNER', isPlatformAdmin: true });
  admin = await aUser(testApp, tenant, { role: 'ADMIN' });
  member = await aUser(testApp, tenant, { passwordHash: await hashPassword('correct horse') });
  const talk = (visibility: 'PRIVATE' | 'TENANT', person = member) =>
    aConversation(testApp, tenant, { owner: person, author: person, visibility, messages: ['hello'] });
  const [open, archived, foreign] = [
    await talk('TENANT', owner),
    await talk('TENANT'),
    await talk('PRIVATE'),
  ];
  const own = await talk('PRIVATE');
  await testApp.data(
    `mutation { updateConversation(input: { conversationId: "${archived.id}", isArchived: true }) { userErrors { code } } }`,
    { token: member.token },
  );
  ids = {
    open: open.id,
    archived: archived.id,
    own: own.id,
    foreign: foreign.id,
    message: open.messageIds[0] ?? '',
    archivedMessage: archived.messageIds[0] ?? '',
  };
  await run('createConversation(input: { title: "x", externalId: "used" })', member);
  await run(
    `sendMessage(input: { conversationId: "${ids.own}", content: "one", idempotencyKey: "k" })`,
    member,
  );
});
afterAll(() => testApp.close());

async function run(mutation: string, person: TestUser | null) {
  const data = await testApp.data(
    `mutation { result: ${mutation} { userErrors { code reason params { min max retryAfterSeconds } message } } }`,
    { token: person?.token },
  );
  return data.result.userErrors;
}

const signIn = () => `signIn(input: { email: "${member.email}", password: "wrong" })`;
const nothing = { min: null, max: null, retryAfterSeconds: null };

/** A mutation that gets each reason, who sends it, and the values of the reason. */
const examples: readonly (readonly [
  reason: (typeof errorReasons)[number],
  mutation: () => string,
  who: () => TestUser | null,
  params?: object,
])[] = [
  ['REQUIRED', () => 'createConversation(input: { title: "" })', () => member, { min: 1 }],
  ['TOO_SHORT', () => 'updateProfile(input: { locale: "x" })', () => member, { min: 2 }],
  [
    'TOO_LONG',
    () => `createConversation(input: { title: "${'x'.repeat(501)}" })`,
    () => member,
    { max: 500 },
  ],
  ['TOO_SMALL', () => 'updateSettings(input: { maxMessageLength: 0 })', () => owner, { min: 1 }],
  ['TOO_LARGE', () => 'updateSettings(input: { maxMessageLength: 60001 })', () => owner, { max: 60_000 }],
  ['INVALID', () => 'updateProfile(input: { timezone: "Mars" })', () => member],
  [
    'NOT_IN_FUTURE',
    () => 'createApiKey(input: { name: "x", scopes: ["read"], expiresAt: "2020-01-01T00:00:00Z" })',
    () => member,
  ],
  [
    'DUPLICATE',
    () => `createApiKey(input: { name: "x", scopes: ["read", "read"], expiresAt: "${future}" })`,
    () => member,
  ],
  ['NOT_FOUND', () => 'sendMessage(input: { conversationId: "x", content: "x" })', () => member],
  ['TAKEN', () => 'createConversation(input: { title: "x", externalId: "used" })', () => member],
  ['ALREADY_A_MEMBER', () => `inviteMember(input: { email: "${member.email}", role: MEMBER })`, () => owner],
  ['ARCHIVED', () => `sendMessage(input: { conversationId: "${ids.archived}", content: "x" })`, () => member],
  [
    'NOT_A_PARTICIPANT',
    () => `sendMessage(input: { conversationId: "${ids.foreign}", content: "x" })`,
    () => admin,
  ],
  ['NOT_THE_AUTHOR', () => `editMessage(input: { messageId: "${ids.message}", content: "x" })`, () => member],
  [
    'NOT_ALLOWED',
    () => `updateConversation(input: { conversationId: "${ids.open}", title: "x" })`,
    () => member,
  ],
  [
    'OWNER_CANNOT_LEAVE',
    () => `removeParticipant(input: { conversationId: "${ids.own}", userId: "${member.id}" })`,
    () => member,
  ],
  ['LAST_OWNER', () => `updateMembership(input: { userId: "${owner.id}", role: MEMBER })`, () => owner],
  [
    'KEY_REUSED',
    () => `sendMessage(input: { conversationId: "${ids.own}", content: "two", idempotencyKey: "k" })`,
    () => member,
  ],
  ['WRONG_CREDENTIALS', signIn, () => null],
];

it('the enum of reasons is the list of the code', () => {
  const type = createSchema().getType('UserErrorReason');
  const values = isEnumType(type) ? type.getValues().map(({ name }) => name) : [];

  expect(values.toSorted()).toEqual([...errorReasons].toSorted());
});

it('each reason has an example', () => {
  const rest = ['TOO_MANY_ATTEMPTS', 'CONFLICT'] as const;

  expect([...examples.map(([reason]) => reason), ...rest].toSorted()).toEqual([...errorReasons].toSorted());
});

it.each(examples.map(([reason, mutation, who, params = {}]) => [reason, { mutation, who, params }] as const))(
  'a user error has its reason, its values and a sentence: %s',
  async (reason, { mutation, who, params }) => {
    expect(await run(mutation(), who())).toContainEqual({
      code: expect.any(String),
      reason,
      params: { ...nothing, ...params },
      message: expect.stringMatching(/^\S.* .*\.$/),
    });
  },
);

it('too many attempts have the seconds to wait', async () => {
  const results = [];
  for (let time = 0; time < 4; time += 1) results.push(...(await run(signIn(), null)));

  expect(results.at(-1)).toMatchObject({
    code: 'RATE_LIMITED',
    reason: 'TOO_MANY_ATTEMPTS',
    params: { min: null, max: null, retryAfterSeconds: expect.any(Number) },
  });
});

it('a conflict without a reason of its own has the reason CONFLICT', async () => {
  const [error] = await run(`setUserActive(input: { userId: "${owner.id}", isActive: false })`, owner);

  expect(error).toMatchObject({ code: 'CONFLICT', reason: 'CONFLICT' });
});
