import { types } from 'pg';
import { describe, expect, it } from 'vitest';
import { timestampFrom } from '../../src/platform/database/timestamps.ts';

describe('a timestamp is read as the driver reads it', () => {
  it.each([
    '2026-11-20 03:37:46+00',
    '2026-11-20 03:37:46.1+00',
    '2026-11-20 03:37:46.12+00',
    '2026-11-20 03:37:46.123+00',
    '2026-11-20 03:37:46.123456+00',
    '2024-02-29 23:59:59.999+00',
    '1969-12-31 23:59:59.5+00',
    '0001-01-01 00:00:00+00',
    '9999-12-31 23:59:59.999+00',
    '12026-11-20 03:37:46+00',
    '0044-03-15 12:00:00+00 BC',
    '2026-11-20 03:37:46.5+01',
    '2026-11-20 03:37:46+05:30',
    'infinity',
    '-infinity',
  ])('%s', (text) => {
    const parse: (text: string) => unknown = types.getTypeParser(types.builtins.TIMESTAMPTZ);

    expect(read(text)).toEqual(parse(text));
  });
});

it('every day of the years around the turns of centuries is read as the engine reads it', () => {
  const dayMs = 86_400_000;
  for (const year of [
    '0001',
    '0099',
    '0100',
    '1600',
    '1900',
    '1969',
    '1970',
    '2000',
    '2024',
    '2100',
    '9998',
  ]) {
    const start = Date.parse(`${year}-01-01T00:00:00.000Z`);
    for (let time = start; time < start + 800 * dayMs; time += dayMs + 61_007) {
      const text = new Date(time).toISOString();
      if (text.startsWith('+')) break;
      expect(read(`${text.slice(0, 10)} ${text.slice(11, -1)}+00`)).toEqual(new Date(time));
    }
  }
});

/** As it lies between what comes before it and behind it. */
function read(text: string): unknown {
  const bytes = Buffer.from(`99${text}99`);
  return timestampFrom(bytes, 2, bytes.length - 2);
}
