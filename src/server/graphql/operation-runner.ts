import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';
import {
  HeaderMap,
  type ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequest,
  type HTTPGraphQLHead,
} from '@apollo/server';
import type { DocumentNode, FormattedExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { DocumentPlans } from '../../execution/plan/document-plans.ts';
import type { Executor } from '../../execution/level-executor.ts';
import type { OperationScope } from './apollo.ts';
import type { FormatError } from '../errors/format-error.ts';

/** Characters of documents that are known to be valid: some 10,000 usual ones. */
const rememberedCharactersMax = 10_000_000;

/** A document that is valid for the schema, and its plans. */
interface ValidDocument {
  readonly document: DocumentNode;
  readonly plans: DocumentPlans | undefined;
}

/** What an operation was answered. */
export interface Answer {
  /** Its errors are formatted. */
  readonly result: FormattedExecutionResult;
  /** What Apollo Server says of status and headers; null where it was not asked. */
  readonly http: HTTPGraphQLHead | null;
}

/**
 * Runs operations: by Apollo Server what is new, which parses and validates it, and what is known to be valid by the executor
 * directly. Apollo Server's own way from a text to its answer is longer than the answering of a cached profile.
 */
export class Engine<Context extends OperationScope> {
  readonly #executor: Executor | null;
  readonly #formatError: FormatError;
  readonly #valid = new LRUCache<string, ValidDocument>({
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
          const plans = this.#executor?.plan(document, () => {});
          const valid = { document, plans };
          const singleResult = await this.#run(valid, request, contextValue);
          if (singleResult === null) return null;
          this.#valid.set(source, valid);
          return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult } };
        },
      }),
    };
  }

  /** The answer to an operation. `contextValue` must be a plain object, because Apollo Server copies it. */
  execute(
    apollo: ApolloServer<Context>,
    operation: GraphQLRequest,
    contextValue: Context,
  ): MaybePromise<Answer> {
    const document = this.#validDocumentOf(operation);
    const running = document === undefined ? null : this.#run(document, operation, contextValue);
    if (running === null) return askApollo(apollo, operation, contextValue);
    return handleMaybePromise(
      () => running,
      (result) => ({ result, http: null }),
    );
  }

  /** Undefined also for what Apollo Server has more to say about: GET allows no mutations, and persisted queries none. */
  #validDocumentOf({ extensions, http, query }: GraphQLRequest): ValidDocument | undefined {
    if (query === undefined || http !== undefined || extensions?.['persistedQuery'] !== undefined)
      return undefined;
    return this.#valid.get(query);
  }

  /** Null, and nothing has run, for what is left to graphql-js. */
  #run(
    { document, plans }: ValidDocument,
    { operationName, variables }: GraphQLRequest,
    context: Context,
  ): MaybePromise<FormattedExecutionResult> | null {
    const running = this.#executor?.execute({ document, plans, operationName, variables, context }) ?? null;
    if (running === null) return null;
    return handleMaybePromise(
      () => running,
      (result) => {
        const { data = null, errors } = result;
        // Whoever sends the answer empties it; its promise must not keep the data either.
        result.data = null;
        const formatted = errors?.map((error) => this.#formatError(error, context.requestId));
        return formatted === undefined ? { data } : { data, errors: formatted };
      },
    );
  }
}

async function askApollo<Context extends OperationScope>(
  apollo: ApolloServer<Context>,
  operation: GraphQLRequest,
  contextValue: Context,
): Promise<Answer> {
  const { body, http } = await apollo.executeOperation(operation, { contextValue });
  if (body.kind !== 'single') throw new Error('An operation was answered in parts.');
  return { result: body.singleResult, http };
}
