import { describe, expect, it } from 'vitest';
import { isoText } from '../../src/graphql/iso-text.ts';

describe('a DateTime', () => {
  it.each([
    '1970-01-01T00:00:00.000Z',
    '1969-12-31T23:59:59.999Z',
    '2024-02-29T12:34:56.789Z',
    '1900-02-28T23:59:59.001Z',
    '1900-03-01T00:00:00.000Z',
    '2000-02-29T00:00:00.010Z',
    '0000-01-01T00:00:00.000Z',
    '0001-01-01T00:00:00.000Z',
    '0099-12-31T00:00:00.100Z',
    '9999-12-31T23:59:59.999Z',
    '+010000-01-01T00:00:00.000Z',
    '-000001-12-31T23:59:59.999Z',
  ])('is %s', (text) => {
    expect(isoText(new Date(text))).toBe(text);
  });

  it('equals toISOString for every day of four centuries', () => {
    const [start, end] = [Date.UTC(1800, 0, 1), Date.UTC(2200, 0, 1)];
    const wrong: string[] = [];
    for (let time = start; time < end; time += 86_400_000 + 61_007) {
      const date = new Date(time);
      if (isoText(date) !== date.toISOString()) wrong.push(date.toISOString());
    }

    expect(wrong).toEqual([]);
  });

  it('throws a RangeError for an invalid date', () => {
    expect(() => isoText(new Date(NaN))).toThrow(RangeError);
  });
});
