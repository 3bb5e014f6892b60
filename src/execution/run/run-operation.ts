import { Kind, type ExecutionResult, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { ExecutionCounts } from '../execution-counts.ts';
import { Replay, type RootOutcome } from '../fallback/replay.ts';
import type { Plan, WrittenField } from '../plan/plan.ts';
import { callRoot } from './call-root.ts';
import type { Run } from './run.ts';

/** An operation with its plan, ready to be run. */
export interface Execution {
  readonly schema: GraphQLSchema;
  readonly plan: Plan;
  readonly rootValue: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly counts: ExecutionCounts;
  /** Lets graphql-js finish the operation, or the rest of it, from the outcomes so far. */
  readonly fallBack: (
    error: unknown,
    replay: Replay,
    rest?: OperationDefinitionNode,
  ) => ExecutionResult | Promise<ExecutionResult>;
}

/** Runs a query: all root fields, then the fields below all of them, level by level. */
export function runQuery(execution: Execution, run: Run): ExecutionResult | Promise<ExecutionResult> {
  const { counts, fallBack, plan, rootValue } = execution;
  const outcomes = new Map<string, RootOutcome>();
  const finish = () => {
    const data = plan.write(undefined, run);
    run.finish();
    counts.countFast();
    return { data };
  };
  const bailOut = (error: unknown) => {
    run.abandon();
    return fallBack(error, new Replay({ rootValue, roots: outcomes, fetched: run.fetched }));
  };
  try {
    const values = plan.roots.map((field) => callRoot(field, execution, run, outcomes));
    const gathered = run.gather(plan.roots, values);
    return gathered === undefined ? finish() : gathered.then(finish).catch(bailOut);
  } catch (error) {
    return bailOut(error);
  }
}

/** Runs a mutation: its root fields in sequence, each with all fields below it. None is called twice. */
export async function runMutation(execution: Execution, run: Run): Promise<ExecutionResult> {
  const { counts, fallBack, plan, rootValue } = execution;
  // As in graphql-js: without a prototype, an alias `__proto__` is a key like any other.
  const data: Record<string, unknown> = Object.create(null);
  for (const [index, field] of plan.fields.entries()) {
    if ('constant' in field) {
      data[field.key] = field.constant;
      continue;
    }
    const outcomes = new Map<string, RootOutcome>();
    run.fetched = [];
    try {
      const value = await callRoot(field, execution, run, outcomes);
      await run.gather([field], [value]);
      data[field.key] = field.value.complete(run.take(field.slot), run);
    } catch (error) {
      run.abandon();
      const replay = new Replay({ rootValue, roots: outcomes, fetched: run.fetched });
      const rest = await fallBack(error, replay, operationOf(plan, plan.fields.slice(index)));
      return { ...rest, data: rest.data ? Object.assign(data, rest.data) : null };
    }
  }
  run.finish();
  counts.countFast();
  return { data };
}

/** The fields keep their locations in the document, to which errors refer. */
function operationOf({ operation }: Plan, fields: readonly WrittenField[]): OperationDefinitionNode {
  const selections = fields.flatMap(({ nodes }) => nodes);
  return { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}
