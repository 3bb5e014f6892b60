import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/schema.ts';
import { aConversation, aTenant, aUser, type TestUser } from '../support/builders.ts';
import { randomQuery } from '../support/random-query.ts';
import { seededRandom, type Random } from '../support/seeded-random.ts';
import { spoiltText } from '../support/spoilt-text.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

/**
 * `RANDOM_QUERIES=50000 RANDOM_SEED=7 npx vitest run test/promises/random-queries.test.ts` asks for more, and
 * for others.
 */
const { RANDOM_QUERIES = '5000', RANDOM_SEED = '1' } = process.env;
const count = Number(RANDOM_QUERIES);
const atOnce = 20;
/** A machine that is busy with other things asks fewer of them. */
const patienceMs = 40_000 * Math.max(1, count / 5000);

/** What only a library, the database or a stack would say. */
const leaks = [
  /prisma|postgres|pg_|node_modules|select .+ from|is not iterable|constraint/i,
  /\.ts:\d|\bat \w+ \(|\bE[A-Z]{5,}\b|Cannot read|undefined is not/,
];

let testApp: TestApp;
let viewer: TestUser;
let ids: readonly string[];
const schema = createSchema();

beforeAll(async () => {
  testApp = await startTestApp({ RATE_LIMIT_PER_USER: '0', RATE_LIMIT_PER_TENANT: '0' });
  const tenant = await aTenant(testApp);
  viewer = await aUser(testApp, tenant, { role: 'OWNER', isPlatformAdmin: true });
  const others = [await aUser(testApp, tenant), await aUser(testApp, tenant)];
  const conversations = await Promise.all(
    others.map((author) =>
      aConversation(testApp, tenant, {
        owner: viewer,
        author,
        participants: [viewer, author],
        messages: ['hello', 'hello again', 'bye'],
      }),
    ),
  );
  ids = [
    tenant.id,
    ...[viewer, ...others].map(({ id }) => id),
    ...conversations.flatMap(({ id, messageIds }) => [id, ...messageIds]),
  ];
});
afterAll(() => testApp.close());

interface Outcome {
  readonly query: string;
  readonly status: number;
  readonly codes: readonly string[];
  readonly text: string;
  readonly elapsedMs: number;
}

async function ask(query: string): Promise<Outcome> {
  const startedAt = performance.now();
  const response = await testApp.server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { authorization: `Bearer ${viewer.token}` },
    payload: { query },
  });
  const { errors = [] } = response.json<{ errors?: { message: string; extensions: { code: string } }[] }>();
  return {
    query,
    status: response.statusCode,
    codes: errors.map(({ extensions }) => extensions.code),
    text: errors.map(({ message }) => message).join('\n'),
    elapsedMs: performance.now() - startedAt,
  };
}

/** Asks until there were enough or time is up; answers what must not have happened. */
async function faultsOf(make: (random: Random) => string) {
  const random = seededRandom(Number(RANDOM_SEED));
  const until = performance.now() + patienceMs;
  const faults: Outcome[] = [];
  const codes = new Map<string, number>();
  const distinct = new Set<string>();
  let asked = 0;
  while (asked < count && performance.now() < until) {
    const queries = Array.from({ length: atOnce }, () => make(random));
    asked += atOnce;
    for (const outcome of await Promise.all(queries.map(ask))) {
      distinct.add(outcome.query);
      for (const code of outcome.codes) codes.set(code, (codes.get(code) ?? 0) + 1);
      if (isFault(outcome)) faults.push(outcome);
    }
  }
  return { asked, faults, codes, distinct: distinct.size };
}

function isFault({ status, codes, text, elapsedMs }: Outcome): boolean {
  return (
    status >= 500 ||
    codes.some((code) =>
      ['INTERNAL_SERVER_ERROR', 'TIMEOUT', 'UNAVAILABLE', 'RATE_LIMITED'].includes(code),
    ) ||
    leaks.some((leak) => leak.test(text)) ||
    elapsedMs > 10_000
  );
}

describe('random queries', () => {
  const valid = (random: Random) => randomQuery({ schema, random, ids });

  it('that are valid cause no internal error', { timeout: 2 * patienceMs + 60_000 }, async () => {
    const { asked, faults, distinct } = await faultsOf(valid);

    expect(faults.slice(0, 3)).toEqual([]);
    expect(asked).toBeGreaterThan(500);
    expect(distinct).toBeGreaterThan(asked / 2);
    // Here each of them was run by both executors, too; see `startTestApp`.
    expect(testApp.app.executions.statistics()).toMatchObject({ notPlannable: {} });
  });

  it('that are corrupted cause no internal error', { timeout: 2 * patienceMs + 60_000 }, async () => {
    const { asked, faults, codes } = await faultsOf((random) => spoiltText(valid(random), random));

    expect(faults.slice(0, 3)).toEqual([]);
    expect(asked).toBeGreaterThan(500);
    expect(codes.get('BAD_USER_INPUT')).toBeGreaterThan(asked / 2);
  });

  it('are valid when generated as valid', () => {
    const random = seededRandom(2);
    const invalid = Array.from({ length: 300 }, () => valid(random)).filter(
      (query) => validate(schema, parse(query)).length > 0,
    );

    expect(invalid).toEqual([]);
  });
});
