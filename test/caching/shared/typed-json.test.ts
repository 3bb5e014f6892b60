import { expect, it } from 'vitest';
import { readTypedJson, writeTypedJson } from '../../../src/caching/shared/typed-json.ts';

const through = (value: unknown): unknown => readTypedJson(writeTypedJson(value));

it.each([
  ['a date', new Date(Date.UTC(2026, 10, 20, 3, 37, 46, 123))],
  ['an invalid date', new Date(Number.NaN)],
  ['a bigint', -(2n ** 70n)],
  ['undefined', undefined],
  ['null', null],
  ['NaN', Number.NaN],
  ['an infinity', Number.NEGATIVE_INFINITY],
  ['zero with a sign', -0],
  ['an ordinary number', 0.1],
  ['a text that looks like a date', '2026-11-20T03:37:46.123Z'],
  ['a text that looks like our marks', '\u0001d0'],
  ['two of them', '\u0001\u0001n1'],
  ['an empty text', ''],
  ['half a character', '\ud800'],
  ['a name with a meaning of its own', JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}')],
])('keeps %s, alone and inside', (_name, value) => {
  expect(through(value)).toStrictEqual(value);
  expect(through({ list: [value, [value]], inside: { value } })).toStrictEqual({
    list: [value, [value]],
    inside: { value },
  });
});

it('tells what is undefined from what is null and from what is absent', () => {
  const value = through({ a: undefined, b: null, c: [undefined, null] });

  expect(Object.keys(Object(value))).toEqual(['a', 'b', 'c']);
  expect(value).toStrictEqual({ a: undefined, b: null, c: [undefined, null] });
});

it('writes the same value twice where it stands twice', () => {
  const shared = { at: new Date(0) };
  expect(through([shared, shared])).toStrictEqual([shared, shared]);
});

it('keeps a date under a name with a meaning of its own', () => {
  const value = Object.fromEntries([['__proto__', new Date(0)]]);
  expect(Object.getOwnPropertyDescriptor(through(value), '__proto__')?.value).toEqual(new Date(0));
});

const selfContaining: unknown[] = [];
selfContaining.push(selfContaining);

it.each([
  ['A Map', new Map()],
  ['A Buffer', Buffer.from('a')],
  ['A Session', new (class Session {})()],
  ['A function', () => {}],
  ['A symbol', Symbol.iterator],
  ['A value that contains itself', selfContaining],
])('refuses what would not come back: %s', (name, part) => {
  expect(() => writeTypedJson({ part })).toThrow(`${name} cannot be written down.`);
});
