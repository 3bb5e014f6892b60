import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { HttpError } from '../errors/http-errors.ts';

/** The largest body of a caller who is not authenticated, in bytes. */
const smallBodyMax = 16 * 1024;
/** The bytes that all unfinished large bodies have together, without the first 16 kB of each. */
const unfinishedMax = 32 * 1024 * 1024;

type Done = (error: Error | null, payload?: Readable) => void;

/** Limits the memory of bodies that have not arrived completely; small bodies are not even counted. */
export class LargeBodies {
  readonly #unfinishedMax: number;
  /** The bytes of large bodies that are held at present. */
  #bytes = 0;

  constructor(bytesMax = unfinishedMax) {
    this.#unfinishedMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Admits the body of a request. One larger than 16 kB is refused with 413 if its sender is not
   * authenticated, and with 503 while all such bodies have too many bytes together.
   */
  admit({ headers }: Pick<FastifyRequest, 'headers'>, payload: Readable, isKnown: boolean, done: Done): void {
    const length = Number(
      headers['content-length'] ?? (headers['transfer-encoding'] === undefined ? 0 : Infinity),
    );
    if (length > smallBodyMax) {
      if (!isKnown && length < Infinity) {
        done(tooLargeForUnknown());
        return;
      }
      this.#count(payload, isKnown);
    }
    done(null, payload);
  }

  #count(payload: Readable, isKnown: boolean): void {
    let received = 0;
    let held = 0;
    const stop = () => {
      this.#bytes -= held;
      held = 0;
      payload.off('data', add);
    };
    const add = (chunk: Buffer) => {
      received += chunk.length;
      const large = Math.max(0, received - smallBodyMax);
      this.#bytes += large - held;
      held = large;
      const error = this.#errorOf(large, isKnown);
      if (error === null) return;
      stop();
      // Not destroyed: that would close the connection before the response.
      payload.emit('error', error);
    };
    payload.on('data', add).once('end', stop).once('close', stop);
  }

  #errorOf(large: number, isKnown: boolean): HttpError | null {
    if (large > 0 && !isKnown) return tooLargeForUnknown();
    if (this.#bytes <= this.#unfinishedMax) return null;
    return new HttpError(503, 'UNAVAILABLE', 'Too many large bodies are arriving; try again shortly.', {
      'retry-after': '5',
    });
  }
}

function tooLargeForUnknown(): HttpError {
  return new HttpError(
    413,
    'BAD_USER_INPUT',
    `Without a valid credential a body may have ${smallBodyMax} bytes; this one is larger.`,
    { connection: 'close' },
  );
}
