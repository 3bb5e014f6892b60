import { types } from 'pg';
import { describe, expect, it } from 'vitest';
import { binaryDecoder, textDecoder } from '../../../../src/platform/postgres/driver/column-decoders.ts';

const { builtins } = types;
const someEnum = 16_400;

/** Decodes texts with one decoder, each between the bytes of other columns. */
function decodeAll(dataType: number, texts: readonly string[]): unknown[] {
  const decode = textDecoder(dataType);
  return texts.map((text) => {
    const bytes = Buffer.from(`12${text}34`);
    return decode(bytes, 2, bytes.length - 2);
  });
}

describe('a column decoder', () => {
  it.each([
    ['int2', builtins.INT2, ['0', '-1', '32767', '-32768']],
    ['int4', builtins.INT4, ['0', '7', '-7', '2147483647', '-2147483648']],
    ['bool', builtins.BOOL, ['t', 'f']],
    ['text', builtins.TEXT, ['', 'a', 'ä€😀', 'a', 'x'.repeat(70_000)]],
    ['varchar', builtins.VARCHAR, ['', 'ä']],
    ['uuid', builtins.UUID, ['0190f6a2-1234-7abc-8def-0123456789ab', '0190f6a2-1234-7abc-8def-0123456789ac']],
    ['float4', builtins.FLOAT4, ['1.5', '-0.25', 'NaN', '1e+20']],
    ['jsonb', builtins.JSONB, ['{"a": [1, null, "ä"]}']],
    ['date array', 1182, ['{2026-11-20}']],
    ['enum', someEnum, ['USER', 'ASSISTANT', 'ä', 'ä', 'USER']],
  ])('of type %s decodes the value that pg decodes', (_name, dataType, texts) => {
    const parse: (text: string) => unknown = types.getTypeParser(dataType);

    expect(decodeAll(dataType, texts)).toEqual(texts.map((text) => parse(text)));
    expect(decodeAll(dataType, [...texts, ...texts])).toEqual(
      [...texts, ...texts].map((text) => parse(text)),
    );
  });

  it('of type int8 returns a number, exact as far as numbers are', () => {
    const texts = [
      '0',
      '-5',
      '123456789012345',
      '1234567890123456',
      '9007199254740991',
      '1637382961252045651',
      '-9223372036854775808',
    ];

    expect(decodeAll(builtins.INT8, texts)).toEqual(texts.map(Number));
  });

  it('of an enum decodes more values than it interns', () => {
    const texts = Array.from({ length: 100 }, (_, index) => `word ${index}`);
    const long = 'long '.repeat(20);

    expect(decodeAll(someEnum, [...texts, long, ...texts, long])).toEqual([...texts, long, ...texts, long]);
  });

  it('of type int4 decodes the binary format', () => {
    const numbers = [0, 1, -1, 256, -257, 2_147_483_647, -2_147_483_648];
    const bytes = Buffer.alloc(numbers.length * 4);
    for (const [index, number] of numbers.entries()) bytes.writeInt32BE(number, index * 4);
    const decode = binaryDecoder(builtins.INT4);

    expect(numbers.map((_, index) => decode?.(bytes, index * 4, index * 4 + 4))).toEqual(numbers);
  });

  it('of type uuid decodes the binary format, every byte in every place', () => {
    const ids = Array.from({ length: 256 }, (_, first) =>
      Buffer.from(Array.from({ length: 16 }, (_each, place) => (first + place * 37) % 256)),
    );
    const bytes = Buffer.concat(ids);
    const decode = binaryDecoder(builtins.UUID);

    expect(ids.map((_, index) => decode?.(bytes, index * 16, index * 16 + 16))).toEqual(
      ids.map((id) => id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')),
    );
  });

  it('distinguishes texts of equal length that differ in one letter', () => {
    const ids = ['0190f6a2', '1190f6a2', '0190f6a3', '0191f6a2', '0190f6a2'];

    expect(decodeAll(builtins.UUID, ids)).toEqual(ids);
    expect(decodeAll(someEnum, ids)).toEqual(ids);
  });
});
