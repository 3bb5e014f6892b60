import {
  assertValidSchema,
  execute,
  GraphQLError,
  Kind,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { ExecutionCounts } from './execution-counts.ts';
import { Bailout } from './fallback/bailout.ts';
import { makeReplayable, type Replay } from './fallback/replay.ts';
import { NotPlannable } from './plan/compile.ts';
import { DocumentPlans, type OnCompile, type Planned } from './plan/document-plans.ts';
import { AnswerTooLarge } from './run/answer-size.ts';
import { runEvents, runMutation, runQuery, type Execution } from './run/run-operation.ts';
import { Run } from './run/run.ts';

/** The maximum size of a response while it is written, and the error of an operation that exceeds it. */
export interface AnswerLimit {
  readonly bytesMax: number;
  readonly error: () => Error;
}

/** An operation of a document that is valid for the schema. */
export interface OperationRequest {
  readonly document: DocumentNode;
  /** Plans of the document from the same executor; without them, plans are made for this run alone. */
  readonly plans?: DocumentPlans | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly context: unknown;
  /** Absent for no limit. */
  readonly answerLimit?: AnswerLimit;
  readonly rootValue?: unknown;
}

/** Runs operations in place of graphql-js. */
export interface Executor {
  /** Creates storage for the plans of a document, to be kept with the document; nothing is compiled yet. */
  plan(document: DocumentNode, onCompile: OnCompile): DocumentPlans;
  /**
   * Returns the result; null, before anything has run, if graphql-js has to run the operation. Never throws
   * or rejects.
   */
  execute(request: OperationRequest): ExecutionResult | Promise<ExecutionResult> | null;
  /** Runs a subscription's selection for each of these events, which share their loads. Never rejects. */
  executeEvents(request: OperationRequest, events: readonly unknown[]): Promise<readonly ExecutionResult[]>;
}

/** Creates the executor of a schema. */
export type CreateExecutor = (schema: GraphQLSchema, counts: ExecutionCounts) => Executor;

/** Creates a level executor. */
export const createLevelExecutor: CreateExecutor = (schema, counts) => new LevelExecutor(schema, counts);

/**
 * Runs operations level by level: a field marked `extensions.batched` is called once for all its parents,
 * every other field is read without a promise. Results are those of graphql-js, which takes over where that
 * is not possible.
 */
export class LevelExecutor implements Executor {
  readonly #schema: GraphQLSchema;
  readonly #counts: ExecutionCounts;

  /** Wraps the resolvers of the schema's root fields and batched fields, for fallbacks. */
  constructor(schema: GraphQLSchema, counts: ExecutionCounts) {
    assertValidSchema(schema);
    makeReplayable(schema);
    this.#schema = schema;
    this.#counts = counts;
  }

  plan(document: DocumentNode, onCompile: OnCompile): DocumentPlans {
    return new DocumentPlans(this.#schema, document, onCompile);
  }

  execute(request: OperationRequest): ExecutionResult | Promise<ExecutionResult> | null {
    const { answerLimit, context, document, operationName = null, rootValue, variables } = request;
    let planned: Planned;
    try {
      const plans = request.plans ?? this.plan(document, () => {});
      planned = plans.find(operationName, variables ?? {});
    } catch (error) {
      // Errors of the document or its variables are worded by graphql-js.
      this.#counts.countNotPlannable(error instanceof NotPlannable ? error.reason : 'invalid');
      return null;
    }
    const { plan, variables: values } = planned;
    // Each property by its name: a spread costs several microseconds here.
    const execution: Execution = {
      plan,
      variables: values,
      schema: this.#schema,
      rootValue,
      counts: this.#counts,
      fallBack: (error, replay, rest) => this.#fallBack(request, error, replay, rest),
    };
    const run = new Run(context, values, answerLimit?.bytesMax ?? Infinity);
    const kind = plan.operation.operation;
    if (kind === 'subscription') {
      this.#counts.countNotPlannable(kind);
      return null;
    }
    return kind === 'mutation' ? runMutation(execution, run) : runQuery(execution, run);
  }

  async executeEvents(
    request: OperationRequest,
    events: readonly unknown[],
  ): Promise<readonly ExecutionResult[]> {
    const results = await this.#planEvents(request, events);
    return results ?? (await executeEventsByGraphqlJs(this.#schema, request, events));
  }

  #planEvents(
    request: OperationRequest,
    events: readonly unknown[],
  ): Promise<readonly ExecutionResult[] | null> | null {
    const { answerLimit, context, document, operationName = null, variables } = request;
    try {
      const plans = request.plans ?? this.plan(document, () => {});
      const { plan, variables: values } = plans.find(operationName, variables ?? {});
      const run = new Run(context, values, answerLimit?.bytesMax ?? Infinity);
      return runEvents({ plan, counts: this.#counts }, run, events);
    } catch (error) {
      this.#counts.countNotPlannable(error instanceof NotPlannable ? error.reason : 'invalid');
      return null;
    }
  }

  #fallBack(
    { answerLimit, context, document, operationName, variables }: OperationRequest,
    error: unknown,
    replay: Replay,
    rest: OperationDefinitionNode | undefined,
  ): ExecutionResult | Promise<ExecutionResult> {
    // graphql-js would write the same response again.
    if (error instanceof AnswerTooLarge && answerLimit !== undefined) return failedWith(answerLimit.error());
    this.#counts.countBailout(error instanceof Bailout ? error.reason : 'a field threw');
    return execute({
      schema: this.#schema,
      document: rest === undefined ? document : withOperation(document, rest),
      rootValue: replay,
      contextValue: context,
      variableValues: variables,
      operationName,
    });
  }
}

/** Runs a subscription's selection for each of these events by graphql-js. */
export async function executeEventsByGraphqlJs(
  schema: GraphQLSchema,
  { context, document, operationName, variables }: OperationRequest,
  events: readonly unknown[],
): Promise<readonly ExecutionResult[]> {
  return Promise.all(
    events.map(async (event) =>
      execute({
        schema,
        document,
        rootValue: event,
        contextValue: context,
        variableValues: variables,
        operationName,
      }),
    ),
  );
}

function failedWith(error: Error): ExecutionResult {
  return { data: null, errors: [new GraphQLError(error.message, { originalError: error })] };
}

/** Returns the document with this operation as its only one. */
function withOperation(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  return { ...document, definitions: [operation, ...fragments] };
}
