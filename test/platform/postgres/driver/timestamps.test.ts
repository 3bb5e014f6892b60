import { types } from 'pg';
import { describe, expect, it } from 'vitest';
import { timestampFromBinary } from '../../../../src/platform/postgres/driver/column-decoders.ts';

describe('a binary timestamp is decoded to the value that pg decodes from its text', () => {
  const parse: (text: string) => unknown = types.getTypeParser(types.builtins.TIMESTAMPTZ);
  const day = 86_400_000_000n;

  it.each([
    ['the first of the count', 0n, '2000-01-01 00:00:00+00'],
    ['a millisecond before it', -1000n, '1999-12-31 23:59:59.999+00'],
    ['less than a millisecond', 1_999n, '2000-01-01 00:00:00.001999+00'],
    ['less than a millisecond, before 1970', -946_684_800_000_000n - 1_001n, '1969-12-31 23:59:59.998999+00'],
    ['the first year', -730_119n * day, '0001-01-01 00:00:00+00'],
    ['the last moment of four digits', 252_455_615_999_999_000n, '9999-12-31 23:59:59.999+00'],
    ['long ago, and less than a millisecond', -730_119n * day - 1n, '0001-12-31 23:59:59.999999+00 BC'],
    ['a year of five digits', 252_455_616_000_000_000n, '10000-01-01 00:00:00+00'],
    ['the last that a number holds', 2n ** 52n - 1n, '2142-09-17 23:53:47.370495+00'],
    ['no end', 2n ** 63n - 1n, 'infinity'],
    ['no beginning', -(2n ** 63n), '-infinity'],
  ])('%s', (_name, microseconds, text) => {
    const bytes = Buffer.alloc(12, 0xff);
    bytes.writeBigInt64BE(microseconds, 2);

    expect(timestampFromBinary(bytes, 2)).toEqual(parse(text));
  });
});
