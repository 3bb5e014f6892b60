import { isUtf8 } from 'node:buffer';

/** A line of a file, or the reason why it cannot be read. */
export type Line =
  | { readonly number: number; readonly text: string; readonly fault: null }
  | { readonly number: number; readonly text: null; readonly fault: string };

/** Longer lines are rejected, so that a file without line breaks cannot fill the memory. */
const lineBytesMax = 64 * 1024 * 1024;

const lineEnd = 0x0a;

/**
 * Splits a stream of bytes into numbered lines, with at most one line in memory. If the stream fails, the
 * last line is the error; the lines before it are valid.
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  bytesMax = lineBytesMax,
): AsyncGenerator<Line> {
  const current = new CurrentLine(bytesMax);
  try {
    for await (const chunk of chunks) {
      let start = 0;
      for (let end = chunk.indexOf(lineEnd); end !== -1; end = chunk.indexOf(lineEnd, start)) {
        current.append(chunk.subarray(start, end));
        yield current.end();
        start = end + 1;
      }
      current.append(chunk.subarray(start));
    }
    if (current.length > 0) yield current.end();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    yield { number: current.number, text: null, fault: `cannot be read: ${reason}` };
  }
}

class CurrentLine {
  number = 1;
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The maximum length of a line in bytes. */
  get length(): number {
    return this.#length;
  }

  append(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#bytesMax) this.#parts = [];
    else this.#parts.push(part);
  }

  /** Returns the current line and begins the next line. */
  end(): Line {
    const line = this.#read();
    this.number += 1;
    this.#parts = [];
    this.#length = 0;
    return line;
  }

  #read(): Line {
    const { number } = this;
    if (this.#length > this.#bytesMax) {
      const fault = `is longer than ${this.#bytesMax} bytes`;
      return { number, text: null, fault };
    }
    const bytes = this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts);
    // Decoding would silently replace invalid bytes with U+FFFD.
    if (!isUtf8(bytes)) return { number, text: null, fault: 'is not UTF-8' };
    return { number, text: withoutByteOrderMark(bytes.toString('utf8')), fault: null };
  }
}

/** Removes the U+FEFF with which some programs begin a file, and which JSON does not allow. */
function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
