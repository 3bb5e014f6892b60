import { describe, expect, it } from 'vitest';
import { readLines, type Line } from '../../../src/domains/import/lines.ts';

async function read(chunks: readonly (string | Buffer)[], bytesMax?: number): Promise<Line[]> {
  async function* source() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  return collect(readLines(source(), bytesMax));
}

async function collect(lines: AsyncIterable<Line>): Promise<Line[]> {
  const collected: Line[] = [];
  for await (const one of lines) collected.push(one);
  return collected;
}

const line = (number: number, text: string) => ({ number, text, fault: null });

describe('readLines', () => {
  it('splits lines in any chunks, also within a character', async () => {
    const bytes = Buffer.from('añ🙂b\n\nlast');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(await read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual([
        line(1, 'añ🙂b'),
        line(2, ''),
        line(3, 'last'),
      ]);
    }
  });

  it('has no line after the last line end, and none in an empty file', async () => {
    expect(await read(['one\n'])).toEqual([line(1, 'one')]);
    expect(await read([])).toEqual([]);
  });

  it('rejects a line that is too long without buffering it, and continues', async () => {
    const lines = await read(['1234\n12', '34', '5\n1234\n', '12345'], 4);

    expect(lines).toEqual([
      line(1, '1234'),
      { number: 2, text: null, fault: 'is longer than 4 bytes' },
      line(3, '1234'),
      { number: 4, text: null, fault: 'is longer than 4 bytes' },
    ]);
  });

  it('uses bounded memory for an endless line', async () => {
    const megabyte = 1024 * 1024;
    let mostBytes = 0;
    async function* source() {
      for (let chunk = 0; chunk < 512; chunk += 1) {
        yield Buffer.alloc(megabyte, 'x');
        mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers);
      }
    }
    const before = process.memoryUsage().arrayBuffers;

    expect(await collect(readLines(source(), 4 * megabyte))).toHaveLength(1);
    expect(mostBytes - before).toBeLessThan(256 * megabyte);
  });

  it('rejects a line that is not UTF-8', async () => {
    expect(await read([Buffer.from([0x61, 0xff, 0x0a, 0x62])])).toEqual([
      { number: 1, text: null, fault: 'is not UTF-8' },
      line(2, 'b'),
    ]);
  });

  it('skips a byte order mark', async () => {
    expect(await read(['\uFEFF{}'])).toEqual([line(1, '{}')]);
  });

  it('reports an error at a truncation', async () => {
    async function* source() {
      yield Buffer.from('one\ntw');
      throw new Error('the disk is gone');
    }

    expect(await collect(readLines(source()))).toEqual([
      line(1, 'one'),
      { number: 2, text: null, fault: 'cannot be read: the disk is gone' },
    ]);
  });
});
