import {
  assertValidSchema,
  execute,
  Kind,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { Unplanned, type UnplannedReason } from './compile.ts';
import { Fault, type FaultReason } from './fault.ts';
import { PlanCache, type Planned } from './plan-cache.ts';
import { makeReplayable, type Replay } from './replay.ts';
import { Run } from './run.ts';
import { runMutation, runQuery, type HandOver } from './run-operation.ts';

/** One operation of a document that is valid for the schema. */
export interface OperationRequest {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly context: unknown;
  readonly rootValue?: unknown;
}

/** How many operations were run in which way. */
export interface ExecutorStatistics {
  /** By the level executor alone. */
  readonly fast: number;
  /** By graphql-js alone, and why. */
  readonly unplanned: Readonly<Partial<Record<UnplannedReason, number>>>;
  /** Begun here and finished by graphql-js, and why. */
  readonly handedOver: Readonly<Partial<Record<HandOverReason, number>>>;
}

/** Why an operation was handed over; 'a field threw' is the usual way of an error. */
export type HandOverReason = FaultReason;

/**
 * Runs operations level by level: each field that is marked `extensions.batched` is called once with all its parents, all other
 * fields are read without a promise. Answers what graphql-js would answer; what it does not know it leaves to graphql-js before
 * anything has run, and whatever is not simply an answer (errors, nulls that may not be) it hands over, with what has
 * happened already, so that nothing happens twice.
 */
export class LevelExecutor {
  readonly #schema: GraphQLSchema;
  readonly #plans: PlanCache;
  #fast = 0;
  readonly #unplanned = new Map<UnplannedReason, number>();
  readonly #handedOver = new Map<HandOverReason, number>();

  /** The schema's fields that do work are wrapped, so that graphql-js can meet again what they did. */
  constructor(schema: GraphQLSchema) {
    assertValidSchema(schema);
    makeReplayable(schema);
    this.#schema = schema;
    this.#plans = new PlanCache(schema);
  }

  /** The operation's answer; null, and nothing has run, where that is left to graphql-js. Never throws, never rejects. */
  execute(request: OperationRequest): ExecutionResult | Promise<ExecutionResult> | null {
    const planned = this.#plan(request);
    if (planned === null) return null;
    const { plan, variables } = planned;
    const run = new Run(request.context, variables);
    const call = { schema: this.#schema, plan, rootValue: request.rootValue, variables };
    const handOver: HandOver = (why, replay, operation) => this.#handOver(request, why, replay, operation);
    this.#fast += 1;
    return plan.operation.operation === 'mutation'
      ? runMutation(call, run, handOver)
      : runQuery(call, run, handOver);
  }

  statistics(): ExecutorStatistics {
    return {
      fast: this.#fast,
      unplanned: Object.fromEntries(this.#unplanned),
      handedOver: Object.fromEntries(this.#handedOver),
    };
  }

  #plan({ document, operationName = null, variables }: OperationRequest): Planned | null {
    try {
      return this.#plans.find(document, operationName, variables ?? {});
    } catch (error) {
      // Whatever else can be wrong with a document or its variables graphql-js says better.
      const reason = error instanceof Unplanned ? error.reason : 'invalid';
      this.#unplanned.set(reason, (this.#unplanned.get(reason) ?? 0) + 1);
      return null;
    }
  }

  #handOver(
    { context, document, operationName, variables }: OperationRequest,
    why: unknown,
    replay: Replay,
    operation: OperationDefinitionNode | undefined,
  ): ExecutionResult | Promise<ExecutionResult> {
    const reason = why instanceof Fault ? why.reason : 'a field threw';
    this.#fast -= 1;
    this.#handedOver.set(reason, (this.#handedOver.get(reason) ?? 0) + 1);
    return execute({
      schema: this.#schema,
      document: operation === undefined ? document : withOperation(document, operation),
      rootValue: replay,
      contextValue: context,
      variableValues: variables ?? {},
      operationName: operation?.name?.value ?? operationName,
    });
  }
}

/** The document with this operation as its only one. */
function withOperation(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  return { ...document, definitions: [operation, ...fragments] };
}
