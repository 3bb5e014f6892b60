import { expect, it } from 'vitest';
import { deepFreeze } from '../../src/caching/deep-freeze.ts';

it('deep freeze: freezes nested values, also below a frozen one', () => {
  const value = deepFreeze(Object.freeze({ rows: [{ tags: ['a'] }], settings: Object.create(null) }));

  expect(() => value.rows.push({ tags: [] })).toThrow(TypeError);
  expect(() => value.rows[0]?.tags.push('b')).toThrow(TypeError);
  expect(() => Object.assign(value.settings, { a: 1 })).toThrow(TypeError);
});

it('deep freeze: makes a date immutable', () => {
  const time = Date.UTC(2026, 10, 20, 3, 37, 46, 123);
  const date = deepFreeze({ createdAt: new Date(time) }).createdAt;

  expect(() => date.setTime(0)).toThrow('make a new Date from it');
  expect(() => date.setUTCFullYear(1970)).toThrow(TypeError);
  expect(date).toBeInstanceOf(Date);
  expect(date).toEqual(new Date(time));
  expect(date.getTime()).toBe(time);
  expect(JSON.stringify({ date })).toBe('{"date":"2026-11-20T03:37:46.123Z"}');
  expect(structuredClone(date)).toEqual(new Date(time));
  expect(() => new Date(date).setTime(0)).not.toThrow();
  expect(deepFreeze(date)).toBe(date);
});

it('deep freeze: handles a cycle', () => {
  const value: { self?: unknown } = {};
  value.self = value;
  expect(Object.isFrozen(deepFreeze(value))).toBe(true);
});

it.each([
  ['Map', new Map()],
  ['Set', new Set()],
  ['Buffer', Buffer.from('a')],
  ['Session', new (class Session {})()],
])('refuses a %s', (name, part) => {
  expect(() => deepFreeze({ part })).toThrow(`A ${name} cannot be frozen for sharing.`);
});

it('deep freeze: rejects a function', () => {
  expect(() => deepFreeze({ part: () => {} })).toThrow('A function cannot be frozen');
});

it.each([[null], [undefined], [''], [0n], [Symbol.iterator], [Number.NaN]])(
  'deep freeze: returns %s unchanged',
  (value) => {
    expect(deepFreeze(value)).toBe(value);
  },
);
