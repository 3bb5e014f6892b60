import {
  HeaderMap,
  type ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequest,
  type GraphQLResponse,
} from '@apollo/server';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Executor } from '../execution/level-executor.ts';
import type { OperationScope } from './apollo.ts';
import type { FormatError } from './format-error.ts';

/** Characters of documents that are known to be valid: some 10,000 usual ones. */
const rememberedCharactersMax = 10_000_000;

/**
 * Runs operations: by Apollo Server what is new, which parses and validates it, and what is known to be valid by the executor
 * directly. Apollo Server's own way from a text to its answer is longer than the answering of a cached profile.
 */
export class Engine<Context extends OperationScope> {
  readonly #executor: Executor | null;
  readonly #formatError: FormatError;
  readonly #valid = new LRUCache<string, DocumentNode>({
    maxSize: rememberedCharactersMax,
    sizeCalculation: (_document, text) => text.length + 1,
  });

  /** `executor` is asked before graphql-js is; null for nothing. */
  constructor(executor: Executor | null, formatError: FormatError) {
    this.#executor = executor;
    this.#formatError = formatError;
  }

  /** Answers what has been validated, and remembers that it has; not what is left to graphql-js, which would be asked for twice. */
  get plugin(): ApolloServerPlugin<Context> {
    return {
      requestDidStart: async () => ({
        responseForOperation: async ({ contextValue, document, request, source }) => {
          const answer = await this.#answer(document, request, contextValue);
          if (answer !== null) this.#valid.set(source, document);
          return answer;
        },
      }),
    };
  }

  /** The answer to an operation, its errors formatted. `contextValue` must be a plain object, because Apollo Server copies it. */
  async execute(
    apollo: ApolloServer<Context>,
    operation: GraphQLRequest,
    contextValue: Context,
  ): Promise<GraphQLResponse> {
    const document = this.#validDocumentOf(operation);
    const answer = document === undefined ? null : await this.#answer(document, operation, contextValue);
    return answer ?? apollo.executeOperation(operation, { contextValue });
  }

  /** Undefined also for what Apollo Server has more to say about: GET allows no mutations, and persisted queries none. */
  #validDocumentOf({ extensions, http, query }: GraphQLRequest): DocumentNode | undefined {
    if (query === undefined || http !== undefined || extensions?.['persistedQuery'] !== undefined)
      return undefined;
    return this.#valid.get(query);
  }

  async #answer(
    document: DocumentNode,
    { operationName, variables }: GraphQLRequest,
    context: Context,
  ): Promise<GraphQLResponse | null> {
    const result = await this.#executor?.execute({ document, operationName, variables, context });
    if (result === null || result === undefined) return null;
    const { data = null, errors } = result;
    const formatted = errors?.map((error) => this.#formatError(error, context.requestId));
    const singleResult = formatted === undefined ? { data } : { data, errors: formatted };
    return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult } };
  }
}
