import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeAccess } from '../../src/graphql/merge-domains.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';
import { twinOperations, type TwinChoice, type TwinOperation } from '../support/twin-operations.ts';
import { aTwinTenant, type TwinTenant } from '../support/twin-tenant.ts';

const requests = 10_000;
const atOnce = 50;

/** What takes long, or touches what belongs to all: a few times are enough. */
const rare = ['signIn', 'cleanupExpiredData', 'operations', 'refreshStatistics', 'warmCaches'] as const;
const rareEvery = 500;

/** What was answered to the people of one tenant. */
class Answered {
  readonly ids = new Set<string>();
  readonly made = new Map<string, string[]>();
  readonly cursors: string[] = [];
  readonly spareTokens: string[] = [];
  /** How often a field answered something of the own tenant. */
  readonly tellingByField = new Map<string, number>();

  take(field: string, body: string, word: string): void {
    for (const [id, kind = ''] of body.matchAll(/\b([a-z]+)_[0-9a-f]{32}\b/g)) {
      if (this.ids.has(id)) continue;
      this.ids.add(id);
      this.made.set(kind, [...(this.made.get(kind) ?? []), id]);
    }
    for (const [, cursor = ''] of body.matchAll(/"cursor":"([^"]+)"/g)) this.cursors.push(cursor);
    for (const [token] of body.matchAll(/parley_session_[\w-]{43}/g)) this.spareTokens.push(token);
    if (!body.includes(word)) return;
    this.tellingByField.set(field, (this.tellingByField.get(field) ?? 0) + 1);
  }
}

let testApp: TestApp;
let twins: readonly [TwinTenant, TwinTenant];
const random = seededRandom(20261120);
const access = mergeAccess();
const answered = [new Answered(), new Answered()] as const;

beforeAll(async () => {
  testApp = await startTestApp();
  await testApp.database.query(
    sql`insert into models (slug, name, provider, context_window) values ('one', 'One', 'Test', 1000)`,
  );
  twins = [await aTwinTenant(testApp, 'aardvark'), await aTwinTenant(testApp, 'zeppelin')];
}, 60_000);
afterAll(() => testApp.close());

describe('two tenants with the same shapes of data', () => {
  it('never appear in one answer, in 10,000 mixed requests, 50 concurrent', async () => {
    const codes = new Map<string, number>();
    for (let start = 0; start < requests; start += atOnce) {
      const batch = Array.from({ length: atOnce }, (_, index) => ask(start + index, codes));
      await Promise.all(batch);
    }
    const [first, second] = answered;

    expect([...first.ids].filter((id) => second.ids.has(id))).toEqual([]);
    expect(codes.get('INTERNAL_SERVER_ERROR') ?? 0).toBe(0);
    // What was deleted while it was read; any more of them would be rows of the other tenant that lack what
    // belongs to them.
    expect(codes.get('UNAVAILABLE') ?? 0).toBeLessThan(requests / 1000);
    for (const { tellingByField } of answered) {
      expect([...tellingByField.keys()].toSorted()).toEqual(fieldsThatTell());
    }
  }, 300_000);

  it('are separate in the database afterwards', async () => {
    for (const [own, other] of [twins, twins.toReversed()]) {
      const [found] = await testApp.database.query(sql`select
        (select count(*) from messages m where tenant_id = ${own?.tenant.uuid}::uuid
          and m::text ilike ${`%${other?.word}%`}) as messages,
        (select count(*) from conversations c where tenant_id = ${own?.tenant.uuid}::uuid
          and c::text ilike ${`%${other?.word}%`}) as conversations,
        (select count(*) from users u join memberships m on m.user_id = u.id
          where m.tenant_id = ${own?.tenant.uuid}::uuid and (u::text || m::text) ilike ${`%${other?.word}%`}) as people`);

      expect(found).toEqual({ messages: 0, conversations: 0, people: 0 });
    }
  });
});

/** Sends one request to one of the two, and looks for the other one in the answer. */
async function ask(number: number, codes: Map<string, number>): Promise<void> {
  const side = number % 2;
  const [own, other] = side === 0 ? twins : [twins[1], twins[0]];
  const field = fieldFor(number);
  const operation = twinOperations[field](choiceOf(own, other, side, Math.floor(number / 2)));
  const body = await send(operation, own, random.pick(own.tokens));

  const text = body + decodedCursors(body);
  expect(text.toLowerCase(), `${field} ${JSON.stringify(operation)}`).not.toContain(other.word);
  expect(
    Object.values(other.ids)
      .flat()
      .filter((id) => text.includes(id)),
  ).toEqual([]);
  answeredOn(side).take(field, text, own.word);
  for (const [, code = ''] of body.matchAll(/"code":"([A-Z_]+)"/g))
    codes.set(code, (codes.get(code) ?? 0) + 1);
}

async function send(
  { query, variables, token }: TwinOperation,
  { word }: TwinTenant,
  anyToken: string,
): Promise<string> {
  const response = await testApp.server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { authorization: `Bearer ${token ?? anyToken}`, 'user-agent': word },
    payload: { query, variables },
  });
  return response.body;
}

/** Each field in its turn in the beginning; then mostly queries, so that caches stay warm. */
function fieldFor(number: number): keyof typeof twinOperations {
  const all = fieldsOf({ ...access.Query, ...access.Mutation });
  const early = all[Math.floor(number / 2)];
  if (early !== undefined) return early;
  const special = rare[Math.floor(number / rareEvery) % rare.length];
  if (special !== undefined && number % rareEvery < 2) return special;
  // A batch later, so that there is a session that can be revoked.
  if (special === 'signIn' && number % rareEvery >= atOnce && number % rareEvery < atOnce + 2)
    return 'signOut';
  const fields = fieldsOf(random.below(5) === 0 ? access.Mutation : access.Query);
  return random.pick(fields.filter((field) => field !== 'signOut' && !rare.some((each) => each === field)));
}

function fieldsOf(rules: object): (keyof typeof twinOperations)[] {
  const isField = (name: string): name is keyof typeof twinOperations => name in twinOperations;
  return Object.keys(rules).filter(isField);
}

function choiceOf(own: TwinTenant, other: TwinTenant, side: number, number: number): TwinChoice {
  const { made, cursors, spareTokens } = answeredOn(side);
  const initial = new Set(Object.values(own.ids).flat());
  const isForeign = () => random.below(5) === 0;
  const all = [...answered[0].cursors, ...answered[1].cursors].slice(-50);
  return {
    random,
    own,
    number,
    word: () => (isForeign() ? other : own).word,
    id: (kind) => random.pick((isForeign() ? other : own).ids[kind]),
    made(kind) {
      const ids = (made.get(kind) ?? []).filter((id) => !initial.has(id));
      return ids.length === 0 || isForeign() ? random.pick(other.ids.message) : random.pick(ids);
    },
    cursor: () => (cursors.length === 0 ? null : random.pick(all)),
    spareToken: () => spareTokens.pop() ?? own.tokens.at(-1),
  };
}

function answeredOn(side: number): Answered {
  return side === 0 ? answered[0] : answered[1];
}

/** Cursors are opaque to clients, but not to whoever can read base64. */
function decodedCursors(body: string): string {
  return [...body.matchAll(/[cC]ursor":"([^"]+)"/g)]
    .map(([, cursor = '']) => Buffer.from(cursor, 'base64url').toString())
    .join('\n');
}

/** The fields that answer texts of a tenant; the others answer ids, or what belongs to the platform. */
function fieldsThatTell(): string[] {
  const silent = [
    'model',
    'models',
    'operations',
    'rateLimit',
    'receivedInvitations',
    'settings',
    'acceptInvitation',
    'changePassword',
    'cleanupExpiredData',
    'deleteTenant',
    'invalidateCache',
    'refreshStatistics',
    'requestEmailVerification',
    'requestPasswordReset',
    'requestSignUp',
    'resetPassword',
    'signUp',
    'verifyEmail',
    'setModelEnabled',
    'updateSettings',
    'upsertModel',
    'warmCaches',
  ];
  return Object.keys(twinOperations)
    .filter((field) => !silent.includes(field))
    .toSorted();
}
