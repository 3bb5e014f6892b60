import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aTenant, aUser, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const kilobytes = (count: number) => 'x'.repeat(1000 * count);
const aliases = (count: number) => Array.from({ length: count }, (_, at) => `a${at}: preferences`).join(' ');
const queryOf = (count: number) => `{ viewer { profile { ${aliases(count)} } } }`;

describe.each(['level', 'graphql-js'])('an answer by the executor %s', (executor) => {
  let testApp: TestApp;
  let user: TestUser;
  beforeAll(async () => {
    testApp = await startTestApp({
      EXECUTOR: executor,
      ANSWER_BYTES_MAX: '100000',
      RATE_LIMIT_PER_USER: '100000',
    });
    user = await aUser(testApp, await aTenant(testApp));
    await testApp.data(
      `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { userErrors { code } } }`,
      { token: user.token, variables: { input: { preferences: { text: kilobytes(12) } } } },
    );
  });
  afterAll(() => testApp.close());

  it('within the limit is sent', async () => {
    const { viewer } = await testApp.data(queryOf(8), { token: user.token });

    expect(viewer.profile.a7.text).toHaveLength(12_000);
  });

  it('beyond the limit is refused, also when its document is known', async () => {
    for (let times = 0; times < 2; times += 1) {
      const { data, errors } = await testApp.ask(queryOf(9), { token: user.token });

      expect(data).toBeNull();
      expect(errors).toMatchObject([
        {
          message: 'The answer is larger than 100000 bytes; select fewer fields or rows.',
          extensions: { code: 'QUERY_TOO_COMPLEX' },
        },
      ]);
    }
  });

  it('is measured in bytes, not in characters', async () => {
    await testApp.data(
      `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { userErrors { code } } }`,
      { token: user.token, variables: { input: { bio: '日'.repeat(2000) } } },
    );
    const bios = (count: number) => queryOf(count).replaceAll('preferences', 'bio');

    expect((await testApp.ask(bios(16), { token: user.token })).errors).toBeUndefined();
    const { data, errors } = await testApp.ask(bios(17), { token: user.token });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COMPLEX' } }]);
  });

  it('is charged to the rate limit by its length', async () => {
    const query = '{ rateLimit { remaining } }';
    const remaining = async () => (await testApp.data(query, { token: user.token })).rateLimit.remaining;
    await testApp.data(queryOf(8), { token: user.token });
    await remaining();
    const before = await remaining();
    await testApp.data(queryOf(8), { token: user.token });

    expect(before - (await remaining())).toBe(97);
  });
});
