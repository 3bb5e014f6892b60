import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestSteps } from '../../../src/server/graphql/request-pipeline.ts';
import { openFrontDoor } from '../../support/front-door.ts';

let door: Awaited<ReturnType<typeof openFrontDoor>>;
beforeAll(async () => {
  door = await openFrontDoor();
});
afterAll(() => door.close());

/** What each step refuses; in the order of the list. */
const refused: readonly [step: string, headers: Record<string, string>, body: unknown, status: number][] = [
  ['negotiate', { accept: 'image/png' }, null, 406],
  ['identify', { authorization: 'Bearer foreign' }, null, 403],
  ['encoding', { 'content-encoding': 'gzip' }, null, 415],
  ['read', {}, [], 400],
  ['trust', {}, { documentId: 'unknown' }, 400],
  ['parse', {}, { query: `{ ${'hello '.repeat(2000)} }` }, 400],
  ['execute', { accept: 'application/graphql-response+json' }, { query: '{ nothing }' }, 400],
];

describe('a GraphQL request', () => {
  it('goes through the steps in their order', () => {
    expect(requestSteps.map(({ name }) => name)).toEqual([
      'negotiate',
      'identify',
      'encoding',
      'read',
      'trust',
      'chargeNew',
      'parse',
      'refuse',
      'limit',
      'charge',
      'stream',
      'execute',
      'respond',
    ]);
  });

  it.each(refused)(
    'is refused by the step %s with a status that the step lists',
    async (name, headers, body, status) => {
      const response = await door.post(body, headers);
      const step = requestSteps.find((each) => each.name === name);

      expect(response.status).toBe(status);
      expect(step?.statuses).toContain(status);
    },
  );

  it.each(refused.slice(0, -1).map(([name], index) => [name, index] as const))(
    'is answered by %s alone where later steps would refuse it, too',
    async (_name, index) => {
      const [, , , status] = refused[index] ?? [];
      const later = refused.slice(index);
      const headers = Object.assign({}, ...later.map(([, each]) => each).toReversed());
      const body = later.map(([, , each]) => each).find((each) => each !== null);

      expect((await door.post(body, headers)).status).toBe(status);
    },
  );
});
