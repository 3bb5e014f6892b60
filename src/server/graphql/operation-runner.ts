import {
  HeaderMap,
  type ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequest,
  type HTTPGraphQLHead,
} from '@apollo/server';
import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import type { AnswerLimit, Executor } from '../../execution/level-executor.ts';
import { jsonBytes } from '../../execution/run/answer-size.ts';
import { Refusal } from '../../platform/errors.ts';
import type { FormatError } from '../errors/format-error.ts';
import type { OperationScope } from './apollo.ts';
import { Document, type DocumentCache } from '../documents/document.ts';
import type { OperationRequest } from './graphql-request.ts';

/** The answer to an operation, before it is written. */
export interface Answer {
  /** The result with formatted errors. */
  readonly result: FormattedExecutionResult;
  /** Status and headers of Apollo Server; null for an answer of the executor. */
  readonly http: HTTPGraphQLHead | null;
}

/**
 * Runs operations. Apollo Server validates new documents and runs what the executor cannot; operations of
 * valid documents go to the executor directly, because Apollo Server's own way from text to answer takes
 * longer than a cached profile.
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

  /**
   * A plugin that passes valid documents to Apollo Server, keeps newly validated ones, and runs operations.
   */
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
            const result = await this.#run(document, request, contextValue);
            if (result === null) return null;
            const singleResult = this.#format(result, contextValue.requestId);
            return { http: { headers: new HeaderMap() }, body: { kind: 'single', singleResult } };
          },
        };
      },
    };
  }

  /** Runs an operation. `contextValue` must be a plain object, because Apollo Server copies it. */
  execute(
    apollo: ApolloServer<Context>,
    request: OperationRequest,
    contextValue: Context,
  ): MaybePromise<Answer> {
    const { document, extensions, http } = request;
    // Apollo Server knows more about these: GET allows no mutations, and no document is registered by its
    // hash.
    const isForApollo = http !== undefined || extensions?.['persistedQuery'] !== undefined;
    const result = isForApollo ? null : this.#run(document, request, contextValue);
    if (result === null) return this.#executeByApollo(apollo, request, contextValue);
    if (!(result instanceof Promise)) {
      return { result: this.#format(result, contextValue.requestId), http: null };
    }
    return result.then((settled) => ({ result: this.#format(settled, contextValue.requestId), http: null }));
  }

  async #executeByApollo(
    apollo: ApolloServer<Context>,
    request: GraphQLRequest,
    contextValue: Context,
  ): Promise<Answer> {
    const { requestId } = contextValue;
    const { body, http } = await apollo.executeOperation(request, { contextValue });
    if (body.kind !== 'single') throw new Error('An operation was answered in parts.');
    const { bytesMax, error } = this.#answerLimit;
    // A repeated value is in graphql-js' data once; only the text would be too large.
    if (bytesMax === Infinity || jsonBytes(body.singleResult.data, bytesMax) <= bytesMax) {
      return { result: body.singleResult, http };
    }
    return { result: { data: null, errors: [this.#formatError(error(), requestId)] }, http };
  }

  #accept(document: Document, ast: Document['ast']): void {
    document.accept(ast, this.#executor);
    this.#documents.keep(document);
  }

  /** Returns null, before anything has run, for an operation that is left to Apollo Server and graphql-js. */
  #run(
    document: Document | null,
    { operationName, variables }: GraphQLRequest,
    context: Context,
  ): MaybePromise<ExecutionResult> | null {
    if (this.#executor === null || document === null || !document.isValid) return null;
    const { ast, plans } = document;
    const answerLimit = this.#answerLimit;
    return this.#executor.execute({ document: ast, plans, operationName, variables, context, answerLimit });
  }

  #format(result: ExecutionResult, requestId: string): FormattedExecutionResult {
    const { data = null, errors } = result;
    // The promise of the result must not keep the data either.
    result.data = null;
    if (errors === undefined) return { data };
    return { data, errors: errors.map((error) => this.#formatError(error, requestId)) };
  }
}

/** Finds the document in Apollo Server's copy of the request, which has all properties. */
function documentOf(request: GraphQLRequest): Document | null {
  return 'document' in request && request.document instanceof Document ? request.document : null;
}

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
