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
import type { RequestContext } from '../../src/graphql/context.ts';

/** What the two executors said differently. */
export interface Disagreement {
  readonly query: string | undefined;
  readonly variables: unknown;
  readonly level: string;
  readonly graphqlJs: string;
}

/** So often both are asked until they agree: what is written meanwhile is seen by one of them only. */
const triesMax = 4;

/** Runs each query by graphql-js as well, in a context of its own, and notes where the answers differ. */
export class ComparingExecutor implements Executor {
  readonly disagreements: Disagreement[] = [];
  /** False while what is done is counted. */
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
    // What graphql-js itself does not say twice, such as how long something took, cannot be compared.
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

/**
 * Whether two answers are the same text. Where several things failed it hangs on which of them was slower which error comes
 * first, and whether one behind a null is told at all: of graphql-js, too.
 */
function agree(level: ExecutionResult, expected: ExecutionResult, request: OperationRequest): boolean {
  if (textOf(level, request) === textOf(expected, request)) return true;
  if (level.errors === undefined || expected.errors === undefined) return false;
  const places = [...level.errors, ...expected.errors].map(({ path }) => path?.join('.'));
  return new Set(places).size > 1 && JSON.stringify(level.data) === JSON.stringify(expected.data);
}

/** What the process is doing at this moment is not the same a moment later: of its numbers only the places are compared. */
function textOf(result: ExecutionResult, { document }: OperationRequest): string {
  const text = JSON.stringify(result);
  return /\boperations\b/.test(document.loc?.source.body ?? '') ? text.replaceAll(/\d+(\.\d+)?/g, '0') : text;
}

function renewed(request: OperationRequest): OperationRequest {
  return { ...request, context: freshContextFrom(request.context) };
}

/** Nothing that was loaded for one of them may spare the other a mistake. */
function freshContextFrom(context: unknown): unknown {
  if (!isRequestContext(context)) return context;
  const fresh = { ...context };
  fresh.resetFor(fresh.viewer);
  return fresh;
}

/** Whoever was cut short gets another answer, and nobody waits for it. */
function isOver(context: unknown): boolean {
  return isRequestContext(context) && context.cancellation.reason !== null;
}

function isRequestContext(context: unknown): context is RequestContext {
  return typeof context === 'object' && context !== null && 'renew' in context;
}
