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
import { NotPlannable } from './plan/compile.ts';
import type { ExecutionCounts } from './execution-counts.ts';
import { Bailout } from './fallback/bailout.ts';
import { DocumentPlans, type OnCompile, type Planned } from './plan/document-plans.ts';
import { makeReplayable, type Replay } from './fallback/replay.ts';
import { AnswerSize, AnswerTooLarge } from './run/answer-size.ts';
import { Run } from './run/run.ts';
import { runMutation, runQuery, type Endings } from './run/run-operation.ts';

/** How large an answer may become while it is written, and the error of an operation whose answer is larger. */
export interface AnswerLimit {
  readonly bytesMax: number;
  readonly error: () => Error;
}

/** One operation of a document that is valid for the schema. */
export interface OperationRequest {
  readonly document: DocumentNode;
  /** The plans of the document, from the same executor; without them, plans are made for this run alone. */
  readonly plans?: DocumentPlans | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly context: unknown;
  /** The limit of the answer; none where absent. */
  readonly answerLimit?: AnswerLimit;
  readonly rootValue?: unknown;
}

/** Runs operations instead of graphql-js. */
export interface Executor {
  /** Room for the plans of a document, to be kept as long as the document is; nothing is compiled yet. */
  plan(document: DocumentNode, onCompile: OnCompile): DocumentPlans;
  /** The operation's answer; null, and nothing has run, where that is left to graphql-js. Never throws, never rejects. */
  execute(request: OperationRequest): ExecutionResult | Promise<ExecutionResult> | null;
}

/** Makes what runs the operations of a schema. */
export type CreateExecutor = (schema: GraphQLSchema, counts: ExecutionCounts) => Executor;

/** Makes a level executor. */
export const createLevelExecutor: CreateExecutor = (schema, counts) => new LevelExecutor(schema, counts);

/**
 * Runs operations level by level: each field that is marked `extensions.batched` is called once with all its parents, all other
 * fields are read without a promise. Answers what graphql-js would answer; what it does not know it leaves to graphql-js before
 * anything has run, and whatever is not simply an answer (errors, nulls that may not be) it hands over, with what has
 * happened already, so that nothing happens twice.
 */
export class LevelExecutor implements Executor {
  readonly #schema: GraphQLSchema;
  readonly #counts: ExecutionCounts;

  /** The schema's fields that do work are wrapped, so that graphql-js can meet again what they did. */
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
    const planned = this.#find(request);
    if (planned === null) return null;
    const { plan, variables } = planned;
    const run = new Run(
      request.context,
      variables,
      new AnswerSize(request.answerLimit?.bytesMax ?? Infinity),
    );
    const call = { schema: this.#schema, plan, rootValue: request.rootValue, variables };
    const endings: Endings = {
      done: () => this.#counts.countFast(),
      fallBack: (why, replay, operation) => this.#fallBack(request, why, replay, operation),
    };
    return plan.operation.operation === 'mutation'
      ? runMutation(call, run, endings)
      : runQuery(call, run, endings);
  }

  #find({ document, plans, operationName = null, variables }: OperationRequest): Planned | null {
    try {
      const known = plans ?? this.plan(document, () => {});
      return known.find(operationName, variables ?? {});
    } catch (error) {
      // Whatever else can be wrong with a document or its variables graphql-js says better.
      const reason = error instanceof NotPlannable ? error.reason : 'invalid';
      this.#counts.countNotPlannable(reason);
      return null;
    }
  }

  #fallBack(
    { answerLimit, context, document, operationName, variables }: OperationRequest,
    why: unknown,
    replay: Replay,
    operation: OperationDefinitionNode | undefined,
  ): ExecutionResult | Promise<ExecutionResult> {
    // graphql-js would write the same answer again.
    if (why instanceof AnswerTooLarge && answerLimit !== undefined) return refusedWith(answerLimit.error());
    this.#counts.countBailout(why instanceof Bailout ? why.reason : 'a field threw');
    return execute({
      schema: this.#schema,
      document: operation === undefined ? document : withOperation(document, operation),
      rootValue: replay,
      contextValue: context,
      variableValues: variables,
      operationName,
    });
  }
}

function refusedWith(error: Error): ExecutionResult {
  return { data: null, errors: [new GraphQLError(error.message, { originalError: error })] };
}

/** The document with this operation as its only one. */
function withOperation(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  return { ...document, definitions: [operation, ...fragments] };
}
