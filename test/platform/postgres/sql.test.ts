import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import sql, { empty, join, raw, type Sql } from '../../../src/platform/postgres/sql.ts';

const pair = (left: unknown, right: unknown) => sql`(${left}, ${right})`;
const alone = (inner: unknown) => sql`<${inner}>`;
const word = () => sql`word`;

describe('a statement', () => {
  it('has a placeholder for each value, and the values in their order', () => {
    const { text, values } =
      sql`select ${1} from ${raw('t')} where ${sql`a = ${'x'}${empty}`} and b in (${join([2, null])})`;

    expect(text).toBe('select $1 from t where a = $2 and b in ($3,$4)');
    expect(values).toEqual([1, 'x', 2, null]);
  });

  it('has one and the same text each time it is made of the same parts, whatever the values', () => {
    const make = (value: unknown) => pair(alone(value), join([value, word()], ' or '));

    expect(make(1).text).toBe('(<$1>, $2 or word)');
    expect(make('another').text).toBe('(<$1>, $2 or word)');
    expect(make(null).values).toEqual([null, null]);
  });

  it('is told apart from one of other parts at the same places', () => {
    const texts = [
      pair(1, 2),
      pair(alone(1), 2),
      pair(1, alone(2)),
      pair(word(), 2),
      pair(raw('x'), 2),
      pair(raw('y'), 2),
    ];

    for (let time = 1; time <= 2; time += 1) {
      expect(texts.map((each) => each.text)).toEqual([
        '($1, $2)',
        '(<$1>, $2)',
        '($1, <$2>)',
        '(word, $1)',
        '(x, $1)',
        '(y, $1)',
      ]);
    }
  });

  it('is what it would be if it were put together anew, however it is made and whatever was made before', () => {
    // A part with the text and the values that it must come to.
    type Told = {
      readonly made: Sql;
      readonly texts: readonly (string | null)[];
      readonly values: readonly unknown[];
    };
    const around = (before: string, inner: Told, behind: string) => [before, ...inner.texts, behind];
    const leaf: fc.Arbitrary<Told> = fc.oneof(
      fc.constantFrom('x', 'y', '').map((text) => ({ made: raw(text), texts: [text], values: [] })),
      fc.nat().map((value) => ({ made: sql`${value}`, texts: [null], values: [value] })),
      fc.nat().map((value) => ({
        made: pair(value, value),
        texts: ['(', null, ', ', null, ')'],
        values: [value, value],
      })),
    );
    const { tree } = fc.letrec<{ tree: Told }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        tie('tree').map((inner) => ({
          made: alone(inner.made),
          texts: around('<', inner, '>'),
          values: inner.values,
        })),
        fc.array(tie('tree'), { minLength: 1, maxLength: 4 }).map((each) => ({
          made: join(
            each.map(({ made }) => made),
            ' and ',
          ),
          texts: each.flatMap(({ texts }, index) => (index === 0 ? texts : [' and ', ...texts])),
          values: each.flatMap(({ values }) => values),
        })),
      ),
    }));
    const seen = new Set<string>();
    fc.assert(
      fc.property(tree, ({ made, texts, values }) => {
        let count = 0;
        const expected = texts.map((text) => text ?? `$${(count += 1)}`).join('');
        seen.add(expected);

        expect(made.text).toBe(expected);
        expect(made.values).toEqual(values);
      }),
      { numRuns: 3000 },
    );
    expect(seen.size).toBeGreaterThan(300);
  });

  it('is made right also when more parts have been met than are remembered', () => {
    for (let index = 0; index < 120_000; index += 1) {
      expect(pair(raw(`t${index}`), index).text).toBe(`(t${index}, $1)`);
    }
    expect(pair(1, alone(2)).text).toBe('($1, <$2>)');
  });

  it('cannot be joined of nothing', () => {
    expect(() => join([])).toThrow(TypeError);
  });
});
