import {
  Kind,
  type ExecutionResult,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { ExecutionCounts } from '../execution-counts.ts';
import { Bailout } from '../fallback/bailout.ts';
import { Replay, type RootOutcome } from '../fallback/replay.ts';
import type { Plan, RootPlan, WrittenField } from '../plan/plan.ts';
import type { Selection } from '../selection.ts';
import { isThenable } from './mark-handled.ts';
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

type Outcomes = Map<string, RootOutcome>;

/** Runs a query: all root fields, then the fields below all of them, level by level. */
export function runQuery(execution: Execution, run: Run): ExecutionResult | Promise<ExecutionResult> {
  const { roots } = execution.plan;
  const outcomes: Outcomes = new Map();
  try {
    const values: unknown[] = [];
    for (const field of roots) values.push(callRoot(field, execution, run, outcomes));
    const gathered = values.some(isThenable) ? run.gatherLater(roots, values) : run.gather(roots, values);
    return gathered === undefined
      ? writeQuery(execution, run)
      : finishQuery(gathered, execution, run, outcomes);
  } catch (error) {
    return bailOut(error, execution, run, outcomes);
  }
}

async function finishQuery(
  gathered: Promise<void>,
  execution: Execution,
  run: Run,
  outcomes: Outcomes,
): Promise<ExecutionResult> {
  try {
    await gathered;
    return writeQuery(execution, run);
  } catch (error) {
    return bailOut(error, execution, run, outcomes);
  }
}

function writeQuery({ counts, plan }: Execution, run: Run): ExecutionResult {
  const data = plan.write(undefined, run);
  run.finish();
  counts.fast += 1;
  return { data };
}

/** Runs a mutation: its root fields in sequence, each with all fields below it. None is called twice. */
export async function runMutation(execution: Execution, run: Run): Promise<ExecutionResult> {
  const { counts, plan } = execution;
  // As in graphql-js: without a prototype, an alias `__proto__` is a key like any other.
  const data: Record<string, unknown> = Object.create(null);
  for (const [index, field] of plan.fields.entries()) {
    if ('constant' in field) {
      data[field.key] = field.constant;
      continue;
    }
    const outcomes: Outcomes = new Map();
    run.fetched = [];
    try {
      const value = await callRoot(field, execution, run, outcomes);
      await run.gather([field], [value]);
      data[field.key] = field.value.complete(run.take(field.slot), run);
    } catch (error) {
      const rest = await bailOut(
        error,
        execution,
        run,
        outcomes,
        operationOf(plan, plan.fields.slice(index)),
      );
      return { ...rest, data: rest.data ? Object.assign(data, rest.data) : null };
    }
  }
  run.finish();
  counts.fast += 1;
  return { data };
}

/**
 * Runs the selection of a subscription for several events together: a batched field is called once for all.
 * Returns null if graphql-js has to run the events.
 */
export async function runEvents(
  { counts, plan }: Pick<Execution, 'counts' | 'plan'>,
  run: Run,
  events: readonly unknown[],
): Promise<readonly ExecutionResult[] | null> {
  const [root, ...others] = plan.roots;
  if (root === undefined || others.length > 0) return null;
  try {
    await run.gatherEvents(root, events);
    const results = events.map(() => ({ data: plan.write(undefined, run) }));
    run.finish();
    counts.fast += 1;
    return results;
  } catch (error) {
    run.abandon();
    counts.countBailout(error instanceof Bailout ? error.reason : 'a field threw');
    return null;
  }
}

/**
 * Calls the resolver of a root field as graphql-js does, and records its outcome.
 * @throws what the resolver throws
 */
function callRoot(field: RootPlan, execution: Execution, run: Run, outcomes: Outcomes): unknown {
  const { definition, key, nodes, parentType, value } = field;
  const { plan, rootValue, schema, variables } = execution;
  // Outside of the try: if the variables do not fit, the resolver was not called and has no outcome.
  const args = run.argumentsOf(field);
  const info: GraphQLResolveInfo & { readonly selection: Selection } = {
    selection: value.selection,
    fieldName: definition.name,
    fieldNodes: nodes,
    returnType: definition.type,
    parentType,
    path: { prev: undefined, key, typename: parentType.name },
    schema,
    fragments: plan.fragments,
    rootValue,
    operation: plan.operation,
    variableValues: variables,
  };
  try {
    const result: unknown = field.resolveRoot(rootValue, args, run.context, info);
    // A thenable that is no promise may start its work whenever `then` is called: call it once.
    const returned = isThenable(result) ? Promise.resolve(result) : result;
    outcomes.set(key, { returned });
    return returned;
  } catch (thrown) {
    outcomes.set(key, { thrown });
    throw thrown;
  }
}

function bailOut(
  error: unknown,
  { fallBack, rootValue }: Execution,
  run: Run,
  outcomes: Outcomes,
  rest?: OperationDefinitionNode,
): ExecutionResult | Promise<ExecutionResult> {
  run.abandon();
  return fallBack(error, new Replay({ rootValue, roots: outcomes, fetched: run.fetched }), rest);
}

/** The fields keep their locations in the document, to which errors refer. */
function operationOf({ operation }: Plan, fields: readonly WrittenField[]): OperationDefinitionNode {
  const selections = fields.flatMap(({ nodes }) => nodes);
  return { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}
