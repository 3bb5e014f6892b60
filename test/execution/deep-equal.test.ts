import { describe, expect, it } from 'vitest';
import { isDeepEqual, hashKey } from '../../src/execution/run/deep-equal.ts';

const bare = (entries: Record<string, unknown>): unknown => Object.assign(Object.create(null), entries);
const map = new Map();

describe('argument values', () => {
  it.each([
    [Number.NaN, Number.NaN],
    [null, null],
    [map, map],
    [[], []],
    [
      [1, ['a', null]],
      [1, ['a', null]],
    ],
    [{}, {}],
    [{}, bare({})],
    [bare({ a: 1 }), { a: 1 }],
    [
      { a: 1, b: { c: true } },
      { b: { c: true }, a: 1 },
    ],
    [{ a: undefined }, { a: undefined }],
    [new Date(5), new Date(5)],
    [{ at: [new Date(5)] }, { at: [new Date(5)] }],
  ])('are equal: %o and %o', (left, right) => {
    expect(isDeepEqual(left, right)).toBe(true);
    expect(isDeepEqual(right, left)).toBe(true);
    expect(hashKey(left)).toBe(hashKey(right));
  });

  it.each<[unknown, unknown]>([
    [0, -0],
    [1, '1'],
    [null, undefined],
    [{}, null],
    [{}, undefined],
    [[], null],
    [[], {}],
    [[], { length: 0 }],
    [[1], [1, 2]],
    [
      [1, 2],
      [2, 1],
    ],
    [[undefined], [null]],
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: undefined }, { b: undefined }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [new Date(5), new Date(6)],
    [new Date(5), {}],
    [new Date(5), 5],
    [{}, map],
    [new Map(), map],
    [{}, new (class {})()],
  ])('are not equal: %o and %o', (left, right) => {
    expect(isDeepEqual(left, right)).toBe(false);
    expect(isDeepEqual(right, left)).toBe(false);
  });

  it.each<[unknown, unknown]>([
    ['a', 'b'],
    [1, 2],
    [true, false],
    [1n, 2n],
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: [1, { b: 'c' }] }, { a: [1, { b: 'd' }] }],
    [[1], [1, 1]],
    [new Date(5), new Date(6)],
  ])('have different hash keys: %o and %o', (left, right) => {
    expect(hashKey(left)).not.toBe(hashKey(right));
  });
});
