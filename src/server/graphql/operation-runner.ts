import {
  HeaderMap,
  type ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequest,
  type HTTPGraphQLHead,
} from '@apollo/server';
import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';
import type { FormattedExecutionResult } from 'graphql';
import type { AnswerLimit, Executor } from '../../execution/level-executor.ts';
import { jsonBytes } from '../../execution/run/answer-size.ts';
import { Refusal } from '../../platform/errors.ts';
import type { FormatError } from '../errors/format-error.ts';
import type { OperationScope } from './apollo.ts';
import { Document } from '../documents/document.ts';
import type { DocumentCache } from '../documents/document-cache.ts';
import type { OperationRequest } from './operation-request.ts';

/** The answer to an operation. */
export interface Answer {
  /** Its errors are formatted. */
  readonly result: FormattedExecutionResult;
  /** Status and headers by Apollo Server; null where the executor answered alone. */
  readonly http: HTTPGraphQLHead | null;
}

/**
 * Runs operations. Apollo Server validates new documents and answers whatever the executor does not; operations of valid documents go
 * to the executor directly, because Apollo Server's own way from text to answer takes longer than a cached profile.
 */
export class OperationRunner<Context extends OperationScope> {
  readonly #executor: Executor | null;
  readonly #documents: DocumentCache;
  readonly #formatError: FormatError;

  readonly #answerLimit: AnswerLimit;

  constructor(options: {
    /** Runs operations before graphql-js does; null for graphql-js alone. */
    readonly executor: Executor | null;
    readonly documents: DocumentCache;
    readonly formatError: FormatError;
    /** 0 for no limit. */
    readonly answerBytesMax: number;
  }) {
    this.#executor = options.executor;
    this.#documents = options.documents;
    this.#formatError = options.formatError;
    this.#answerLimit = answerLimitOf(options.answerBytesMax);
  }

  /** Gives Apollo Server what is known of a document, keeps what it found out, and runs what the executor can. */
  get plugin(): ApolloServerPlugin<Context> {
    return {
      requestDidStart: async ({ request }) => {
        const document = documentOf(request);
        if (document === null) return {};
        return {
          async didResolveSource(requestContext) {
            // Apollo Server neither parses nor validates a request that has its document already.
            if (document.isValid) Object.assign(requestContext, { document: document.ast });
          },
          validationDidStart: async (requestContext) => async (errors) => {
            if (errors === undefined || errors.length === 0) this.#accept(document, requestContext.document);
          },
          responseForOperation: async ({ contextValue }) => {
            const singleResult = await this.#run(document, request, contextValue);
            if (singleResult === null) return null;
            return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult } };
          },
        };
      },
    };
  }

  /** The answer to an operation. `contextValue` must be a plain object, because Apollo Server copies it. */
  execute(
    apollo: ApolloServer<Context>,
    request: OperationRequest,
    contextValue: Context,
  ): MaybePromise<Answer> {
    const running = isForApollo(request) ? null : this.#run(request.document, request, contextValue);
    if (running === null) return this.#askApollo(apollo, request, contextValue);
    return handleMaybePromise(
      () => running,
      (result) => ({ result, http: null }),
    );
  }

  async #askApollo(
    apollo: ApolloServer<Context>,
    request: GraphQLRequest,
    contextValue: Context,
  ): Promise<Answer> {
    const { requestId } = contextValue;
    const { body, http } = await apollo.executeOperation(request, { contextValue });
    if (body.kind !== 'single') throw new Error('An operation was answered in parts.');
    const { bytesMax, error } = this.#answerLimit;
    // What repeats in graphql-js' data is there once; only its text would be too large.
    if (bytesMax === Infinity || jsonBytes(body.singleResult.data, bytesMax) <= bytesMax) {
      return { result: body.singleResult, http };
    }
    return { result: { data: null, errors: [this.#formatError(error(), requestId)] }, http };
  }

  #accept(document: Document, ast: Document['ast']): void {
    document.accept(ast, this.#executor);
    this.#documents.keep(document);
  }

  /** Null, and nothing has run, for a document that is not known to be valid, and for what is left to graphql-js. */
  #run(
    document: Document | null,
    { operationName, variables }: GraphQLRequest,
    context: Context,
  ): MaybePromise<FormattedExecutionResult> | null {
    if (this.#executor === null || document === null || !document.isValid) return null;
    const { ast, plans } = document;
    const running = this.#executor.execute({
      document: ast,
      plans,
      operationName,
      variables,
      context,
      answerLimit: this.#answerLimit,
    });
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

/** Apollo Server has more to say about these: GET allows no mutations, and nothing is registered here by its hash. */
function isForApollo({ extensions, http }: GraphQLRequest): boolean {
  return http !== undefined || extensions?.['persistedQuery'] !== undefined;
}

/** Apollo Server copies the request with all of its properties. */
function documentOf(request: GraphQLRequest): Document | null {
  return 'document' in request && request.document instanceof Document ? request.document : null;
}

/** The message is made only for an answer that is too large. */
function answerLimitOf(bytesMax: number): AnswerLimit {
  return {
    bytesMax: bytesMax === 0 ? Infinity : bytesMax,
    error: () =>
      new Refusal(
        'QUERY_TOO_COMPLEX',
        `The answer is larger than ${bytesMax} bytes; select fewer fields or rows.`,
      ),
  };
}
