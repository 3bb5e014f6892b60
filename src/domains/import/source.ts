import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/**
 * Reads the bytes of a file, decompressed if they are gzip by their first bytes (RFC 1952, section 2.3.1),
 * since standard input has no name. `onRead` receives the number of bytes read, before decompression.
 */
export async function* readBytes(file: Readable, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  const chunks = countedChunks(file, onRead);
  const head = await readHead(chunks);
  const all = prepended(head, chunks);
  if (head[0] !== gzipMagic[0] || head[1] !== gzipMagic[1]) {
    yield* all;
    return;
  }
  // Errors are thrown to the reader of the pipeline's end, so the callback has nothing to do.
  yield* buffersOf(pipeline(Readable.from(all), createGunzip(), () => undefined));
}

const gzipMagic = [0x1f, 0x8b] as const;

async function* countedChunks(file: Readable, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of buffersOf(file)) {
    onRead(chunk.length);
    yield chunk;
  }
}

/** Reads enough bytes to recognize gzip: a pipe may deliver a single byte at first. */
async function readHead(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < gzipMagic.length) {
    const next = await chunks.next();
    if (next.done === true) return head;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* prepended(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}

async function* buffersOf(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('The stream must yield Buffers, not strings.');
    yield chunk;
  }
}
