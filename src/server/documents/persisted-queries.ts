import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { BadUserInput } from '../../platform/errors.ts';
import { HttpError } from '../errors/http-errors.ts';
import type { OperationRequest } from '../graphql/graphql-request.ts';

/** Bytes of the texts together, and of one text. */
const textsBytesMax = 8 * 1024 * 1024;
const textBytesMax = 64 * 1024;

/**
 * Automatic persisted queries: the texts that clients sent with their SHA-256, so that the hash alone is
 * enough later. The least recently used texts are dropped; a client then sends its text again.
 */
export class PersistedQueries {
  readonly #texts = new LRUCache<string, string>({
    maxSize: textsBytesMax,
    maxEntrySize: textBytesMax,
    sizeCalculation: (text) => 2 * text.length + 200,
  });

  /**
   * Gives the operation its text, or keeps the text that came with the hash.
   * @throws HttpError for an unknown hash, with the message that makes clients send the text
   * @throws BadUserInput for a hash of another text
   */
  resolve(request: OperationRequest, sha256Hash: string): void {
    const { query } = request;
    if (query === undefined) {
      const text = this.#texts.get(sha256Hash);
      // With 200, as Apollo Server: some clients do not read the body of another status.
      if (text === undefined) throw new HttpError(200, 'BAD_USER_INPUT', 'PersistedQueryNotFound');
      request.query = text;
      return;
    }
    if (this.#texts.get(sha256Hash) === query) return;
    if (hash('sha256', query) !== sha256Hash) {
      throw new BadUserInput('The `sha256Hash` of the persisted query is not the SHA-256 of its text.');
    }
    this.#texts.set(sha256Hash, query);
  }
}
