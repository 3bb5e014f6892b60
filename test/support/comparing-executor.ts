import {
  execute,
  getOperationAST,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import type { ExecutionCounts } from '../../src/execution/execution-counts.ts';
import { LevelExecutor, type Executor, type OperationRequest } from '../../src/execution/level-executor.ts';
import type { DocumentPlans, OnCompile } from '../../src/execution/plan/document-plans.ts';
import { isSameResult } from './same-result.ts';
import type { RequestContext } from '../../src/graphql/context.ts';

/** A query with different results. */
export interface Disagreement {
  readonly query: string | undefined;
  readonly variables: unknown;
  readonly level: string;
  readonly graphqlJs: string;
}

/**
 * Runs of a query by both executors until they agree: a concurrent write may be visible to one of them only.
 */
const triesMax = 4;

/** Runs each query in graphql-js as well, with a context of its own, and records different results. */
export class ComparingExecutor implements Executor {
  readonly disagreements: Disagreement[] = [];
  /** False while statements are counted. */
  isComparing = true;
  readonly #schema: GraphQLSchema;
  readonly #executor: LevelExecutor;

  constructor(schema: GraphQLSchema, counts: ExecutionCounts) {
    this.#schema = schema;
    this.#executor = new LevelExecutor(schema, counts);
  }

  plan(document: DocumentNode, onCompile: OnCompile): DocumentPlans {
    return this.#executor.plan(document, onCompile);
  }

  execute(request: OperationRequest): ExecutionResult | Promise<ExecutionResult> | null {
    const operation = getOperationAST(request.document, request.operationName);
    if (!this.isComparing || operation?.operation !== 'query') return this.#executor.execute(request);
    const again = { ...request, context: freshContextFrom(request.context) };
    const answer = this.#executor.execute(request);
    return answer === null ? null : this.#compared(answer, again);
  }

  executeEvents(request: OperationRequest, events: readonly unknown[]): Promise<readonly ExecutionResult[]> {
    return this.#executor.executeEvents(request, events);
  }

  async #compared(
    answer: ExecutionResult | Promise<ExecutionResult>,
    request: OperationRequest,
  ): Promise<ExecutionResult> {
    const result = await answer;
    let level = result;
    let before: string | null = null;
    for (let tries = 1; tries <= triesMax; tries += 1) {
      if (isOver(request.context)) return result;
      const expected = await this.#byGraphqlJs(request);
      if (isOver(request.context) || agree(level, expected, request)) return result;
      const graphqlJs = JSON.stringify(expected);
      if (tries === triesMax && graphqlJs === before) this.#note(request, JSON.stringify(level), graphqlJs);
      before = graphqlJs;
      level = (await this.#executor.execute(renewed(request))) ?? level;
      if (agree(level, expected, request)) return result;
    }
    // If graphql-js does not repeat its own result, such as a duration, there is nothing to compare with.
    return result;
  }

  #note({ document, variables }: OperationRequest, level: string, graphqlJs: string): void {
    this.disagreements.push({ query: document.loc?.source.body, variables, level, graphqlJs });
  }

  #byGraphqlJs(request: OperationRequest) {
    const { document, operationName, variables, context } = renewed(request);
    return execute({
      schema: this.#schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables ?? {},
      contextValue: context,
    });
  }
}

function agree(level: ExecutionResult, expected: ExecutionResult, request: OperationRequest): boolean {
  const [text, expectedText] = [textOf(level, request), textOf(expected, request)];
  return text === expectedText || isSameResult(JSON.parse(text), JSON.parse(expectedText));
}

/**
 * Numbers of `operations` are not compared: measurements of the process differ from one moment to the next.
 */
function textOf(result: ExecutionResult, { document }: OperationRequest): string {
  const withoutNumbers = (_key: string, value: unknown) => {
    if (typeof value === 'number') return 0;
    return typeof value === 'string' ? value.replaceAll(/\d+(\.\d+)?/g, '0') : value;
  };
  if (!/\boperations\b/.test(document.loc?.source.body ?? '')) return JSON.stringify(result);
  // Aliases and paths of errors contain numbers too, which must agree.
  const data: unknown = JSON.parse(JSON.stringify(result.data ?? null, withoutNumbers));
  return JSON.stringify({ ...result, data });
}

function renewed(request: OperationRequest): OperationRequest {
  return { ...request, context: freshContextFrom(request.context) };
}

/** Without the loaders of the first run, whose cached rows would hide errors of the second. */
function freshContextFrom(context: unknown): unknown {
  if (!isRequestContext(context)) return context;
  const fresh = { ...context };
  fresh.resetFor(fresh.viewer);
  return fresh;
}

/** A cancelled request has another result. */
function isOver(context: unknown): boolean {
  return isRequestContext(context) && context.cancellation.reason !== null;
}

function isRequestContext(context: unknown): context is RequestContext {
  return (
    typeof context === 'object' && context !== null && ('resetFor' satisfies keyof RequestContext) in context
  );
}
