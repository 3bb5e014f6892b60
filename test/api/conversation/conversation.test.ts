import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import sql from 'sql-template-tag';
import { aConversation, aTenant, aUser, type TestTenant, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let tenant: TestTenant;
let ada: TestUser;
let bob: TestUser;
let guest: TestUser;

beforeAll(async () => {
  // More entries than an operation may list by default, to reach the input's own bound.
  testApp = await startTestApp({ QUERY_LIST_MAX: '500' });
  tenant = await aTenant(testApp);
  ada = await aUser(testApp, tenant, { firstName: 'Ada' });
  bob = await aUser(testApp, tenant, { firstName: 'Bob' });
  guest = await aUser(testApp, tenant, { role: 'GUEST' });
  await testApp.database.query(sql`insert into models (slug, name, provider, context_window, is_enabled)
    values ('on', 'On', 'Test', 1000, true), ('off', 'Off', 'Test', 1000, false)`);
});
afterAll(() => testApp.close());

const create = (input: Readonly<Record<string, unknown>>, token = ada.token) =>
  testApp.data(
    `mutation ($input: CreateConversationInput!) { createConversation(input: $input) {
      conversation { id title visibility owner { displayName } model { id } externalId messageCount isArchived
        lastMessage { id } participants { totalCount nodes { displayName } } createdAt updatedAt }
      userErrors { code path message } } }`,
    { token, variables: { input } },
  );

describe('createConversation', () => {
  it('makes the caller owner and participant, once', async () => {
    const data = await create({
      title: '  A talk ',
      modelId: 'model_on',
      participantIds: [bob.id, ada.id, bob.id],
      externalId: 'elsewhere/1',
    });

    expect(data.createConversation).toEqual({
      conversation: {
        id: expect.stringMatching(/^conv_[0-9a-f]{32}$/),
        title: 'A talk',
        visibility: 'PRIVATE',
        owner: { displayName: 'Ada Person' },
        model: { id: 'model_on' },
        externalId: 'elsewhere/1',
        messageCount: 0,
        isArchived: false,
        lastMessage: null,
        participants: {
          totalCount: 2,
          nodes: [{ displayName: 'Ada Person' }, { displayName: 'Bob Person' }],
        },
        createdAt: '2026-11-20T12:00:00.000Z',
        updatedAt: '2026-11-20T12:00:00.000Z',
      },
      userErrors: [],
    });
  });

  it('rejects a duplicate external ID', async () => {
    await create({ title: 'first', externalId: 'taken' });
    const data = await create({ title: 'second', externalId: 'taken' });

    expect(data.createConversation).toMatchObject({
      conversation: null,
      userErrors: [{ code: 'CONFLICT', path: ['input', 'externalId'] }],
    });
  });

  it('reports all input errors together and writes nothing', async () => {
    const before = await testApp.database.query(sql`select count(*) from conversations`);
    const data = await create({
      title: '',
      externalId: 'x'.repeat(201),
      participantIds: Array(201).fill(bob.id),
    });
    const after = await testApp.database.query(sql`select count(*) from conversations`);

    expect(
      data.createConversation.userErrors.map((error: { path: string[] }) => error.path.join('.')),
    ).toEqual(['input.title', 'input.participantIds', 'input.externalId']);
    expect(after).toEqual(before);
  });

  it('rejects unusable models and unknown participants', async () => {
    const stranger = await aUser(testApp, await aTenant(testApp));
    const data = await create({ title: 'x', modelId: 'model_off', participantIds: [bob.id, stranger.id] });

    expect(data.createConversation.userErrors).toMatchObject([
      { code: 'NOT_FOUND', path: ['input', 'modelId'] },
      { code: 'NOT_FOUND', path: ['input', 'participantIds', '1'] },
    ]);
  });

  it('accepts only active members', async () => {
    const former = await aUser(testApp, tenant);
    await testApp.database.query(
      sql`update memberships set is_active = false where user_id = ${former.uuid}::uuid`,
    );
    const data = await create({ title: 'x', participantIds: [former.id] });

    expect(data.createConversation.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  it('gives one answer for foreign, missing and malformed IDs', async () => {
    const stranger = await aUser(testApp, await aTenant(testApp));
    const missing = `user_${'0'.repeat(32)}`;
    const answers = [
      await create({ title: 'x', modelId: 'model_off', participantIds: [stranger.id] }),
      await create({ title: 'x', modelId: 'model_none', participantIds: [missing] }),
      await create({ title: 'x', modelId: 'nonsense', participantIds: ['nonsense'] }),
    ];

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it('accepts one external ID in two tenants', async () => {
    const stranger = await aUser(testApp, await aTenant(testApp));
    const ours = await create({ title: 'ours', externalId: 'twice' });
    const theirs = await create({ title: 'theirs', externalId: 'twice' }, stranger.token);

    expect([ours, theirs].map((data) => data.createConversation.userErrors)).toEqual([[], []]);
  });

  it('is rejected for guests', async () => {
    const data = await create({ title: 'x' }, guest.token);

    expect(data.createConversation).toMatchObject({
      conversation: null,
      userErrors: [{ code: 'FORBIDDEN' }],
    });
  });
});

describe('updateConversation', () => {
  const update = (input: Readonly<Record<string, unknown>>, token = ada.token) =>
    testApp.data(
      `mutation ($input: UpdateConversationInput!) { updateConversation(input: $input) {
        conversation { title visibility isArchived model { id } updatedAt } userErrors { code path } } }`,
      { token, variables: { input } },
    );

  it('changes given fields and leaves the rest', async () => {
    const made = await create({ title: 'before', modelId: 'model_on' });
    const conversationId = made.createConversation.conversation.id;
    testApp.clock.advance(1000);
    const renamed = await update({ conversationId, title: 'after' });
    const cleared = await update({ conversationId, modelId: null, visibility: 'TENANT', isArchived: true });

    expect(renamed.updateConversation.conversation).toEqual({
      title: 'after',
      visibility: 'PRIVATE',
      isArchived: false,
      model: { id: 'model_on' },
      updatedAt: '2026-11-20T12:00:01.000Z',
    });
    expect(cleared.updateConversation.conversation).toMatchObject({
      title: 'after',
      visibility: 'TENANT',
      isArchived: true,
      model: null,
    });
  });

  it('treats null as unchanged, and keeps the date of the first archiving', async () => {
    const conversation = await aConversation(testApp, tenant, { owner: ada, title: 'same' });
    const archivedAt = async () => {
      const [row] = await testApp.database.query<{ at: Date | null }>(
        sql`select archived_at as at from conversations where id = ${conversation.uuid}::uuid`,
      );
      return row?.at;
    };
    const input = { conversationId: conversation.id, title: null, visibility: null, isArchived: null };
    const unchanged = await update(input);
    await update({ ...input, isArchived: true });
    const first = await archivedAt();
    testApp.clock.advance(1000);
    await update({ ...input, isArchived: true });
    const again = await archivedAt();
    const open = await update({ ...input, isArchived: false });

    expect(unchanged.updateConversation).toMatchObject({
      conversation: { title: 'same', visibility: 'TENANT', isArchived: false },
      userErrors: [],
    });
    expect(first).toBeInstanceOf(Date);
    expect(again).toEqual(first);
    expect(open.updateConversation.conversation.isArchived).toBe(false);
    expect(await archivedAt()).toBeNull();
  });

  it('is allowed for the owner and admins, and FORBIDDEN for other readers', async () => {
    const conversation = await aConversation(testApp, tenant, { owner: ada });
    const admin = await aUser(testApp, tenant, { role: 'ADMIN' });
    const input = { conversationId: conversation.id, title: 'mine' };
    const asBob = await update(input, bob.token);
    const asGuest = await update(input, guest.token);
    const asAdmin = await update(input, admin.token);

    expect(asBob.updateConversation.userErrors).toEqual([
      { code: 'FORBIDDEN', path: ['input', 'conversationId'] },
    ]);
    expect(asGuest.updateConversation.userErrors).toEqual([
      { code: 'NOT_FOUND', path: ['input', 'conversationId'] },
    ]);
    expect(asAdmin.updateConversation.conversation.title).toBe('mine');
  });
});

describe('conversations', () => {
  it('are filtered and ordered by the arguments', async () => {
    const own = await aTenant(testApp);
    const reader = await aUser(testApp, own);
    for (const title of ['banana', 'apple', 'cherry']) {
      testApp.clock.advance(60_000);
      await aConversation(testApp, own, {
        title,
        ...(title === 'apple' ? { owner: reader, visibility: 'PRIVATE' } : {}),
      });
    }
    const list = async (args: string) => {
      const data = await testApp.data(`{ conversations${args} { totalCount nodes { title } } }`, {
        token: reader.token,
      });
      expect(data.conversations.totalCount).toBe(data.conversations.nodes.length);
      return data.conversations.nodes.map((node: { title: string }) => node.title);
    };
    const lastMinute = new Date(testApp.clock.now() - 30_000).toISOString();

    expect(await list('')).toEqual(['cherry', 'apple', 'banana']);
    expect(await list('(orderBy: { field: CREATED_AT, direction: ASC })')).toEqual([
      'banana',
      'apple',
      'cherry',
    ]);
    expect(await list('(orderBy: { field: TITLE, direction: ASC })')).toEqual(['apple', 'banana', 'cherry']);
    expect(await list('(orderBy: { field: TITLE })')).toEqual(['cherry', 'banana', 'apple']);
    expect(await list('(filter: { titleContains: "AN" })')).toEqual(['banana']);
    expect(await list(`(filter: { ownerId: "${reader.id}" })`)).toEqual(['apple']);
    expect(await list('(filter: { visibility: PRIVATE })')).toEqual(['apple']);
    expect(await list('(filter: { visibility: TENANT, titleContains: "e" })')).toEqual(['cherry']);
    expect(await list('(filter: { isArchived: true })')).toEqual([]);
    expect(await list('(filter: { isArchived: false })')).toHaveLength(3);
    expect(await list(`(filter: { updatedAfter: "${lastMinute}" })`)).toEqual(['cherry']);
    expect(await list(`(filter: { updatedBefore: "${lastMinute}" })`)).toEqual(['apple', 'banana']);
    const exactly = new Date(testApp.clock.now()).toISOString();
    expect(await list(`(filter: { updatedAfter: "${exactly}" })`)).toEqual([]);
    expect(await list(`(filter: { updatedBefore: "${exactly}" })`)).toEqual(['apple', 'banana']);
  });
});
