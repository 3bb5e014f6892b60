import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Document } from './document.ts';

/** Bytes of heap that the documents hold together, by their own estimate. */
const bytesMax = 32 * 1024 * 1024;
/** Bytes of one document: with more plans than that, a document is not worth the others' room. */
const documentBytesMax = bytesMax / 8;
/** Documents of strangers that are remembered by their hash alone, some 200 bytes each. */
const sightingsMax = 10_000;

/**
 * The valid documents that were requested last, each with its plans and costs. A document of an
 * unauthenticated client is kept from its second request on, so that documents made up for one request do not
 * fill the cache.
 */
export class DocumentCache {
  readonly #documents: LRUCache<string, Document>;
  readonly #sightings = new LRUCache<string, true>({ max: sightingsMax });

  /** `bytes` bounds the documents together. */
  constructor(bytes = bytesMax) {
    this.#documents = new LRUCache({ maxSize: bytes, maxEntrySize: Math.min(documentBytesMax, bytes) });
  }

  /** Bytes of heap that the documents hold, by their own estimate. */
  get bytes(): number {
    return this.#documents.calculatedSize;
  }

  get(text: string): Document | undefined {
    return this.#documents.get(text);
  }

  /** Keeps a valid document, unless it is a stranger's first. */
  keep(document: Document): void {
    if (!document.isFamiliar && this.#isFirstSight(document)) return;
    this.#store(document);
    document.onGrowth(() => {
      if (this.#documents.peek(document.text) === document) this.#store(document);
    });
  }

  #store(document: Document): void {
    // To set the same value again would leave its size as it was.
    this.#documents.delete(document.text);
    this.#documents.set(document.text, document, { size: document.bytes });
  }

  #isFirstSight({ text }: Document): boolean {
    const digest = hash('sha256', text, 'base64');
    if (this.#sightings.has(digest)) return false;
    this.#sightings.set(digest, true);
    return true;
  }
}
