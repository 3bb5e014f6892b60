import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { BadUserInput, Forbidden } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { OperationRequest } from '../graphql/operation-request.ts';

/**
 * What becomes of an operation that is not among the trusted documents: answered, answered and logged, or
 * refused.
 */
export type TrustedDocumentsMode = 'off' | 'log' | 'enforce';

/** An operation that is known beforehand. */
export interface TrustedDocument {
  readonly id: string;
  /** That of its operation. */
  readonly name: string;
  readonly text: string;
}

/** Unknown documents that are logged once each; beyond them, some are logged twice. */
const loggedMax = 1000;

/** The operations that the clients of this server were built with. */
export class TrustedDocuments {
  readonly #textById: ReadonlyMap<string, string>;
  readonly #texts: ReadonlySet<string>;
  readonly #mode: TrustedDocumentsMode;
  readonly #logger: Logger;
  readonly #logged = new LRUCache<string, true>({ max: loggedMax });

  constructor(options: {
    readonly documents: readonly TrustedDocument[];
    readonly mode: TrustedDocumentsMode;
    readonly logger: Logger;
  }) {
    this.#textById = new Map(options.documents.map(({ id, text }) => [id, text]));
    this.#texts = new Set(this.#textById.values());
    this.#mode = options.mode;
    this.#logger = options.logger;
  }

  /**
   * Gives the operation its text; whether the document is a trusted one.
   * @throws Forbidden for an operation that must be trusted and is not, BadUserInput for an unknown id
   * without a text
   */
  resolve(request: OperationRequest): boolean {
    const text = this.#textOf(request);
    if (text !== undefined) {
      request.query = text;
      forgetHash(request);
      return true;
    }
    if (this.#mode === 'enforce') {
      throw new Forbidden(
        'This server answers only the operations that it was given beforehand; this is none of them.',
      );
    }
    if (request.query === undefined && request.extensions?.['persistedQuery'] === undefined) {
      throw new BadUserInput('There is no document with this `documentId`; send its text as `query`.');
    }
    if (this.#mode === 'log') this.#log(request);
    return false;
  }

  #textOf({ documentId, query }: OperationRequest): string | undefined {
    const text = documentId === null ? undefined : this.#find(documentId);
    if (text !== undefined) return text;
    return query !== undefined && this.#texts.has(query) ? query : undefined;
  }

  /** GraphQL over HTTP writes an id of this kind with the name of the hash in front. */
  #find(documentId: string): string | undefined {
    return this.#textById.get(documentId) ?? this.#textById.get(documentId.replace(/^sha256:/, ''));
  }

  /** By its hash: a text that a stranger made up does not belong into a log. */
  #log({ query, operationName }: OperationRequest): void {
    if (query === undefined) return;
    const documentHash = hash('sha256', query);
    if (this.#logged.has(documentHash)) return;
    this.#logged.set(documentHash, true);
    const name = operationName !== undefined && /^\w{1,100}$/.test(operationName) ? operationName : null;
    this.#logger.warn(
      { documentHash, operationName: name },
      'an operation is not among the trusted documents',
    );
  }
}

/** Apollo Server would take the hash for its own kind of persisted queries, which it does not have here. */
function forgetHash(request: OperationRequest): void {
  if (request.extensions?.['persistedQuery'] === undefined) return;
  const { persistedQuery: _hash, ...extensions } = request.extensions;
  request.extensions = extensions;
}
