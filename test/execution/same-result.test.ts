import { describe, expect, it } from 'vitest';
import { isSameResult, type ComparedResult } from '../support/same-result.ts';

const at = (...path: (string | number)[]) => ({ message: `no ${path.at(-1)}`, path });
const data = { a: null, b: { c: null } };

describe('comparison of results', () => {
  it.each<[string, ComparedResult, ComparedResult]>([
    ['without errors', { data }, { data }],
    [
      'with errors in another order',
      { data, errors: [at('a'), at('b', 'c')] },
      { data, errors: [at('b', 'c'), at('a')] },
    ],
    [
      'with another of the errors behind one null',
      { data, errors: [at('a', 'x')] },
      { data, errors: [at('a', 'y')] },
    ],
    [
      'with more of the errors behind one null',
      { data, errors: [at('a', 'x')] },
      { data, errors: [at('a', 'y', 1), at('a', 'x')] },
    ],
  ])('equal data %s: same', (_what, left, right) => {
    expect(isSameResult(left, right)).toBe(true);
    expect(isSameResult(right, left)).toBe(true);
  });

  it.each<[string, ComparedResult, ComparedResult]>([
    ['other data', { data }, { data: { ...data, a: 1 } }],
    ['a lost error', { data, errors: [at('a'), at('b', 'c')] }, { data, errors: [at('a')] }],
    ['all errors lost', { data, errors: [at('a')] }, { data }],
    ['an error at another null', { data, errors: [at('a')] }, { data, errors: [at('b', 'c')] }],
    ['an error below instead of at a null', { data, errors: [at('a')] }, { data, errors: [at('a', 'x')] }],
    [
      'another message',
      { data, errors: [at('a', 'x')] },
      { data, errors: [{ ...at('a', 'x'), message: 'other' }] },
    ],
  ])('%s: not the same', (_what, left, right) => {
    expect(isSameResult(left, right)).toBe(false);
    expect(isSameResult(right, left)).toBe(false);
  });
});
