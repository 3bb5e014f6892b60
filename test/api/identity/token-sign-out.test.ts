import { afterAll, beforeAll, expect, it } from 'vitest';
import sql from 'sql-template-tag';
import { systemClock } from '../../../src/platform/runtime/clock.ts';
import { startAppOn, type AppOn } from '../../support/app-on.ts';
import { aTenant } from '../../support/builders.ts';
import { CleanUps } from '../../support/embedded.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../../support/identity-provider.ts';
import { createTestDatabase } from '../../support/postgres.ts';

const cleanUps = new CleanUps();
const signOut = 'mutation { signOut { session { id } userErrors { code } } }';
const inAcme = { o: { id: 'org_acme', rol: 'member', slg: 'acme' } };
let provider: TestIdentityProvider;
let [one, other]: AppOn[] = [];

beforeAll(async () => {
  provider = await startIdentityProvider();
  provider.clock = systemClock;
  cleanUps.add(() => provider.close());
  const database = await createTestDatabase();
  cleanUps.add(() => database.drop());
  const start = async () => {
    const app = await startAppOn(database.url, provider.environment);
    cleanUps.add(() => app.close());
    return app;
  };
  [one, other] = [await start(), await start()];
  await aTenant(one, 'acme', 'org_acme');
});
afterAll(() => cleanUps.run());

/** A token that was issued a number of seconds from now. */
const tokenOf = (sub: string, inSeconds: number) =>
  provider.token({ sub, ...inAcme, iat: Math.floor(Date.now() / 1000) + inSeconds });

/** The status of a request with the token, on each of the two processes. */
async function statusesOf(token: string): Promise<(number | undefined)[]> {
  const answers = [await one?.ask('{ viewer { id } }', token), await other?.ask('{ viewer { id } }', token)];
  return answers.map((answer) => answer?.status);
}

it('signOut: with a token of the provider, rejects what was issued to the user until then, on all processes', async () => {
  const [earlier, used] = [await tokenOf('ann', -20), await tokenOf('ann', -10)];
  const [later, ofBob] = [await tokenOf('ann', 2), await tokenOf('bob', -10)];
  for (const token of [earlier, used, later, ofBob]) expect(await statusesOf(token)).toEqual([200, 200]);
  const answer = await one?.ask(signOut, used);

  expect(answer?.data).toEqual({ signOut: { session: null, userErrors: [] } });
  for (const token of [earlier, used]) expect(await statusesOf(token)).toEqual([401, 401]);
  for (const token of [later, ofBob]) expect(await statusesOf(token)).toEqual([200, 200]);
});

it('signOut: rejects a token that the provider issued by a clock that is ahead', async () => {
  const token = await tokenOf('cay', 3);
  expect(await statusesOf(token)).toEqual([200, 200]);
  await one?.ask(signOut, token);

  expect(await statusesOf(token)).toEqual([401, 401]);
});

it('signOut: costs later requests with a token of the provider no statement', async () => {
  const [used, later] = [await tokenOf('dot', -10), await tokenOf('dot', 2)];
  await statusesOf(used);
  await one?.ask(signOut, used);
  await statusesOf(later);
  const texts: string[] = [];
  const stop = one?.database.observe(({ text }) => void texts.push(text));
  await one?.ask('{ __typename }', later);
  stop?.();

  expect(texts).toEqual([]);
  expect(
    await one?.database.query(sql`select 1 from users where tokens_not_before is not null`),
  ).toHaveLength(3);
});
