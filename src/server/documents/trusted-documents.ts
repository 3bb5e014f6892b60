import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { BadUserInput, Forbidden } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { OperationRequest } from '../graphql/graphql-request.ts';
import { PersistedQueries } from './persisted-queries.ts';

/**
 * The treatment of an operation that is not a trusted document: answered, answered and logged, or rejected.
 */
export type TrustedDocumentsMode = 'off' | 'log' | 'enforce';

/** An operation that the operator gave to the server. */
export interface TrustedDocument {
  readonly id: string;
  /** The name of its operation. */
  readonly name: string;
  readonly text: string;
}

/** The maximum number of unknown documents that are remembered as logged. */
const loggedMax = 1000;

/** The operations that the clients of this server were built with. */
export class TrustedDocuments {
  readonly #textById: ReadonlyMap<string, string>;
  readonly #texts: ReadonlySet<string>;
  readonly #mode: TrustedDocumentsMode;
  readonly #logger: Logger;
  readonly #persisted = new PersistedQueries();
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
   * Gives the operation its text; returns true for a trusted document.
   * @throws Forbidden for an operation that must be trusted and is not, BadUserInput for an unknown id
   * without a text
   */
  resolve(request: OperationRequest): boolean {
    const { documentId, query } = request;
    const text = documentId === null ? undefined : this.#find(documentId);
    if (text !== undefined) request.query = text;
    if (text !== undefined || (query !== undefined && this.#texts.has(query))) {
      forgetHash(request);
      return true;
    }
    if (this.#mode === 'enforce') {
      throw new Forbidden(
        'This server answers only the operations that it was given beforehand; this is none of them.',
      );
    }
    const sha256Hash = persistedHashOf(request);
    if (sha256Hash !== null) {
      this.#persisted.resolve(request, sha256Hash);
      forgetHash(request);
    }
    if (request.query === undefined) {
      throw new BadUserInput('There is no document with this `documentId`; send its text as `query`.');
    }
    if (this.#mode === 'log') this.#log(request);
    return false;
  }

  /** An id of GraphQL over HTTP may begin with the name of the hash. */
  #find(documentId: string): string | undefined {
    return this.#textById.get(documentId) ?? this.#textById.get(documentId.replace(/^sha256:/, ''));
  }

  /** Logs the hash: a log must not contain texts of unauthenticated clients. */
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

/** Returns the hash of an automatic persisted query; null if the request has none. */
function persistedHashOf({ extensions }: OperationRequest): string | null {
  const persistedQuery = extensions?.['persistedQuery'];
  if (typeof persistedQuery !== 'object' || persistedQuery === null) return null;
  return 'sha256Hash' in persistedQuery && typeof persistedQuery.sha256Hash === 'string'
    ? persistedQuery.sha256Hash
    : null;
}

/** Apollo Server would take the hash for one of its own persisted queries, which are disabled. */
function forgetHash(request: OperationRequest): void {
  if (request.extensions?.['persistedQuery'] === undefined) return;
  const { persistedQuery: _hash, ...extensions } = request.extensions;
  request.extensions = extensions;
}
