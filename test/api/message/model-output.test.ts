import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aConversation,
  aTenant,
  aUser,
  type TestConversation,
  type TestUser,
} from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let admin: TestUser;
let conversation: TestConversation;
beforeAll(async () => {
  testApp = await startTestApp();
  await testApp.database.query(
    sql`insert into models (slug, name, provider, context_window) values ('one', 'One', 'Test', 1000)`,
  );
  const tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { role: 'ADMIN' });
  conversation = await aConversation(testApp, tenant, { owner: admin });
});
afterAll(() => testApp.close());

async function send(input: string) {
  const data = await testApp.data(
    `mutation { sendMessage(input: { conversationId: "${conversation.id}", content: "x", ${input} }) {
      message { author { id } role status model { id } tokenCount viewerCanEdit viewerCanDelete }
      userErrors { code path } } }`,
    { token: admin.token },
  );
  return data.sendMessage;
}

describe('a message of a model or a bot', () => {
  it.each(['ASSISTANT', 'TOOL'])('has no author, and its model, status and length: %s', async (role) => {
    expect(await send(`role: ${role}, modelId: "model_one", status: STREAMING, tokenCount: 7`)).toEqual({
      message: {
        author: null,
        role,
        status: 'STREAMING',
        model: { id: 'model_one' },
        tokenCount: 7,
        viewerCanEdit: false,
        viewerCanDelete: true,
      },
      userErrors: [],
    });
  });

  it('is complete unless the input says otherwise', async () => {
    const { message } = await send('role: ASSISTANT');

    expect(message).toMatchObject({ author: null, status: 'COMPLETE', model: null, tokenCount: null });
  });

  it('of an unknown model is refused', async () => {
    expect(await send('role: ASSISTANT, modelId: "model_none"')).toEqual({
      message: null,
      userErrors: [{ code: 'NOT_FOUND', path: ['input', 'modelId'] }],
    });
  });
});

describe('a message of a user', () => {
  it('has an author, and no model, status or length of a model', async () => {
    expect((await send('role: USER')).message.author).toEqual({ id: admin.id });
    expect(await send('modelId: "model_one", status: COMPLETE, tokenCount: 7')).toEqual({
      message: null,
      userErrors: ['modelId', 'status', 'tokenCount'].map((name) => ({
        code: 'BAD_USER_INPUT',
        path: ['input', name],
      })),
    });
  });
});
