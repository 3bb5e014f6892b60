import { hash } from 'node:crypto';
import type { GraphQLRequest } from '@apollo/server';
import { LRUCache } from 'lru-cache';
import { BadUserInput, Forbidden } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';

/** What becomes of an operation that is not among the trusted documents: answered, answered and logged, or refused. */
export type TrustedDocumentsMode = 'off' | 'log' | 'enforce';

/** An operation that is known beforehand. */
export interface TrustedDocument {
  readonly id: string;
  /** That of its operation. */
  readonly name: string;
  readonly text: string;
}

/** An operation as a client asked for it: by its text, by its id, or by both. */
export interface AskedOperation {
  readonly request: GraphQLRequest;
  readonly documentId: string | null;
}

/** So many unknown documents are logged once each; beyond them, some twice. */
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
   * The operation with its text.
   * @throws Forbidden for an operation that must be known and is not, BadUserInput for an id that means nothing here
   */
  resolve({ request, documentId }: AskedOperation): GraphQLRequest {
    const text = documentId === null ? undefined : this.#find(documentId);
    if (text !== undefined) return { ...withoutHash(request), query: text };
    if (request.query !== undefined && this.#texts.has(request.query)) return withoutHash(request);
    if (this.#mode === 'enforce') {
      throw new Forbidden(
        'This server answers only the operations that it was given beforehand; this is none of them.',
      );
    }
    if (request.query === undefined && request.extensions?.['persistedQuery'] === undefined) {
      throw new BadUserInput('There is no document with this `documentId`; send its text as `query`.');
    }
    if (this.#mode === 'log') this.#log(request);
    return request;
  }

  /** GraphQL over HTTP writes an id of this kind with the name of the hash in front. */
  #find(documentId: string): string | undefined {
    return this.#textById.get(documentId) ?? this.#textById.get(documentId.replace(/^sha256:/, ''));
  }

  /** By its hash: a text that a stranger made up does not belong into a log. */
  #log({ query, operationName }: GraphQLRequest): void {
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
function withoutHash(request: GraphQLRequest): GraphQLRequest {
  const { persistedQuery: _hash, ...extensions } = request.extensions ?? {};
  return { ...request, extensions };
}
