import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { jsonBytes } from '../../src/execution/run/answer-size.ts';
import { Run } from '../../src/execution/run/run.ts';
import { anExecutor, aSchema } from '../support/both-executors.ts';

const people = Array.from({ length: 50 }, (_, index) => ({
  name: `Person ${index}`,
  age: index,
  tags: ['a', 'b'],
}));
const shared = { name: 'Ada'.repeat(1000), age: 36, tags: [] };
const schema = () =>
  aSchema(
    'type Query { people: [Person] } type Person { name: String age: Int tags: [String] friend: Person }',
    {
      Query: { people: () => people },
      Person: { friend: { fetch: (parents) => parents.map(() => shared) } },
    },
  );

/** The answer under a limit of so many bytes; null where the answer is refused. */
async function answerWithin(bytesMax: number, query: string): Promise<string | null> {
  const answer = await anExecutor(schema()).execute({
    document: parse(query),
    context: {},
    answerLimit: { bytesMax, error: () => new Error('too large') },
  });
  expect(answer?.errors?.map(({ message }) => message) ?? []).toEqual(
    answer?.data === null ? ['too large'] : [],
  );
  return answer?.data ? JSON.stringify(answer.data) : null;
}

describe('the size of an answer', () => {
  it.each([
    '{ people { name age tags } }',
    '{ people { name friend { name } } }',
    '{ a: people { age } b: people { age } }',
  ])('is known while it is written: %s', async (query) => {
    const text = (await answerWithin(Infinity, query)) ?? '';

    expect(await answerWithin(1.5 * text.length, query)).toBe(text);
    expect(await answerWithin(0.5 * text.length, query)).toBeNull();
  });

  it('counts a value of free form each time, and reads it once', () => {
    let reads = 0;
    const value = {
      get text() {
        reads += 1;
        return 'x'.repeat(100);
      },
    };
    const run = new Run({}, {}, 1000);
    for (let times = 0; times < 5; times += 1) run.addJson(value);

    expect(run.bytes).toBeGreaterThan(500);
    expect(reads).toBe(1);
    expect(() => {
      for (let times = 0; times < 5; times += 1) run.addJson(value);
    }).toThrow();
  });

  it('of JSON is close to the length of its text, and not followed beyond the limit', () => {
    const value = { list: people, nested: { a: [1, 2, [true, null]] } };
    const { length } = JSON.stringify(value);

    expect(jsonBytes(value, Infinity)).toBeGreaterThan(0.8 * length);
    expect(jsonBytes(value, Infinity)).toBeLessThan(1.6 * length);
    expect(jsonBytes(value, 100)).toBeLessThan(300);
  });
});
