import {
  HeaderMap,
  type ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequest,
  type HTTPGraphQLHead,
} from '@apollo/server';
import type { MaybePromise } from '@whatwg-node/promise-helpers';
import {
  createSourceEventStream,
  getOperationAST,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { executeEventsByGraphqlJs, type AnswerLimit, type Executor } from '../../execution/level-executor.ts';
import { jsonBytes } from '../../execution/run/answer-size.ts';
import { BadUserInput, Refusal } from '../../platform/errors.ts';
import type { EventIterator } from '../live/subscription.ts';
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
  readonly #schema: GraphQLSchema;
  readonly #executor: Executor | null;
  readonly #documents: DocumentCache;
  readonly #formatError: FormatError;
  readonly #answerLimit: AnswerLimit;

  constructor(options: {
    readonly schema: GraphQLSchema;
    /** Runs operations before graphql-js does; null for graphql-js alone. */
    readonly executor: Executor | null;
    readonly documents: DocumentCache;
    readonly formatError: FormatError;
    /** 0 for no limit. */
    readonly answerBytesMax: number;
  }) {
    this.#schema = options.schema;
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

  /**
   * Opens the events of a subscription. Returns the answer instead if there are errors: those of the
   * document, of the variables or of the field.
   */
  async subscribe(
    apollo: ApolloServer<Context>,
    request: OperationRequest,
    contextValue: Context,
  ): Promise<EventIterator | FormattedExecutionResult> {
    const { document } = request;
    if (document === null || !isValid(document)) {
      // Apollo Server validates, keeps the document and then refuses, because it runs no subscriptions.
      const { result } = await this.#executeByApollo(apollo, request, contextValue);
      if (document === null || !isValid(document)) return result;
    }
    requireOneField(document, request.operationName);
    const source = await createSourceEventStream({
      schema: this.#schema,
      document: document.ast,
      contextValue,
      variableValues: request.variables,
      operationName: request.operationName,
    });
    if (!(Symbol.asyncIterator in source)) return this.#format(source, contextValue.requestId);
    return source[Symbol.asyncIterator]();
  }

  /** Runs the selection of a subscription for these events, which share their loads. */
  async runEvents(
    { document, operationName, variables }: OperationRequest,
    context: Context,
    events: readonly unknown[],
  ): Promise<readonly FormattedExecutionResult[]> {
    if (document === null) throw new Error('A subscription has no document.');
    const { ast, plans } = document;
    const request = {
      document: ast,
      plans,
      operationName,
      variables,
      context,
      answerLimit: this.#answerLimit,
    };
    const results =
      this.#executor === null
        ? await executeEventsByGraphqlJs(this.#schema, request, events)
        : await this.#executor.executeEvents(request, events);
    return results.map((result) => this.#format(result, context.requestId));
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

/**
 * Rejects a subscription whose root field depends on a condition: graphql-js would fail without a code.
 * @throws BadUserInput
 */
function requireOneField({ ast }: Document, operationName: string | undefined): void {
  const operation = getOperationAST(ast, operationName);
  const [root, ...others] = operation?.selectionSet.selections ?? [];
  if (root === undefined || others.length > 0)
    throw new BadUserInput('A subscription must select exactly one field.');
  if (root.directives !== undefined && root.directives.length > 0)
    throw new BadUserInput('The field of a subscription must not have @skip or @include.');
}

/** Read again, because Apollo Server changes it. */
function isValid(document: Document): boolean {
  return document.isValid;
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
