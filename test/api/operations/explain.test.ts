import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestUser } from '../../support/builders.ts';
import { startTestApp, type Answer, type TestApp } from '../../support/test-app.ts';

let testApp: TestApp;
let admin: TestUser;

beforeAll(async () => {
  testApp = await startTestApp();
  const tenant = await aTenant(testApp);
  admin = await aUser(testApp, tenant, { isPlatformAdmin: true });
  const stranger = await aUser(testApp, tenant);
  await aConversation(testApp, tenant, { owner: admin, title: 'Ours', messages: ['one', 'two'] });
  await aConversation(testApp, tenant, { owner: stranger, title: 'Theirs', visibility: 'PRIVATE' });
});
afterAll(() => testApp.close());

const query = `query ($operation: String!, $variables: JSONObject) {
  operations { explain(operation: $operation, variables: $variables) { statement rows durationMs estimatedCost plan } }
}`;

async function explain(operation: string, variables: object = {}): Promise<Answer> {
  return testApp.ask(query, { token: admin.token, variables: { operation, variables } });
}

describe('operations.explain', () => {
  it('shows the statements that a query sends, with the plans', async () => {
    const { data, errors } = await explain(
      'query ($title: String) { conversations(filter: { titleContains: $title }) { nodes { title lastMessage { content } } } }',
      { title: 'ours' },
    );

    expect(errors).toBeUndefined();
    const [conversations, messages, ...rest] = data.operations.explain;
    expect(rest).toEqual([]);
    expect(conversations).toMatchObject({
      rows: 1,
      statement: expect.stringContaining('from conversations'),
    });
    expect(conversations.statement).not.toContain('ours');
    expect(conversations.estimatedCost).toBeGreaterThan(0);
    expect(conversations.durationMs).toBeGreaterThan(0);
    expect(conversations.plan.join('\n')).toMatch(/(Seq|Index|Bitmap).* Scan/);
    expect(messages.statement).toContain('messages');
  });

  it('includes statements that caches would have saved', async () => {
    await testApp.data('{ models { id } }', { token: admin.token });
    const { data } = await explain('{ models { id } }');

    expect(data.operations.explain).toMatchObject([{ statement: expect.stringContaining('from models') }]);
  });

  it('reads only what the caller may read', async () => {
    const { data } = await explain('{ conversations { nodes { title } } }');
    const refused = await explain('{ users { nodes { id } } }');

    expect(data.operations.explain).toMatchObject([{ rows: 1 }]);
    expect(refused.errors?.[0]).toMatchObject({
      message: 'This is for admins of the tenant.',
      extensions: { code: 'FORBIDDEN' },
    });
  });

  it('leaves no connection in a transaction, whatever the outcome', async () => {
    await explain('{ conversations { nodes { title } } }');
    await explain('{ users { nodes { id } } }');

    expect(testApp.database.poolState()).toMatchObject({ inUse: 0 });
    const open =
      "select count(*)::int as open from pg_stat_activity where datname = current_database() and state like 'idle in%'";
    expect((await testApp.database.pool.query(open)).rows).toEqual([{ open: 0 }]);
  });

  it.each([
    [
      'a mutation',
      'mutation { updateProfile(input: { firstName: "Eve" }) { user { id } } }',
      '`operation` must be one query',
    ],
    [
      'a query beside a mutation',
      'query A { viewer { id } } mutation B { signOut { session { id } } }',
      '`operation` must be one query',
    ],
    ['no GraphQL', '{', '`operation` is not valid: Syntax Error'],
    ['an unknown field', '{ nonsense }', '`operation` is not valid: Cannot query field "nonsense"'],
    ['a missing variable', 'query ($id: ID!) { user(id: $id) { id } }', 'Variable "$id"'],
    [
      'itself',
      '{ operations { explain(operation: "{ viewer { id } }") { rows } } }',
      'must not select `explain`',
    ],
  ])('refuses %s', async (_name, operation, message) => {
    const { errors } = await explain(operation);

    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(errors?.[0]?.message).toContain(message);
  });

  it('has the limits of other operations', async () => {
    const deep =
      '{ viewer { conversations { nodes { owner { conversations { nodes { owner { conversations { nodes { owner { id } } } } } } } } } } }';
    const { errors } = await explain(deep);

    expect(errors?.[0]?.extensions.code).toBe('QUERY_TOO_COMPLEX');
  });
});
