import { Kind, type ExecutionResult, type OperationDefinitionNode } from 'graphql';
import { isThenable } from '../fallback/bailout.ts';
import type { Plan, WrittenField } from '../plan/plan.ts';
import { Replay, type RootOutcome } from '../fallback/replay.ts';
import { callRoot, type RootCall } from './roots.ts';
import type { Run } from './run.ts';
import { allInOrder } from '../fallback/settle-order.ts';

/** How a run ends. */
export interface Endings {
  /** By itself. */
  readonly done: () => void;
  /** By graphql-js, which finishes the operation, or what is left of it, from what has happened. */
  readonly fallBack: (
    why: unknown,
    replay: Replay,
    operation?: OperationDefinitionNode,
  ) => ExecutionResult | Promise<ExecutionResult>;
}

/** Runs a query: all of its root fields, then level after level below them together. */
export function runQuery(
  call: RootCall,
  run: Run,
  { done, fallBack }: Endings,
): ExecutionResult | Promise<ExecutionResult> {
  const { plan, rootValue } = call;
  const outcomes = new Map<string, RootOutcome>();
  const giveUp = (why: unknown) => {
    const { fetched, settled } = run;
    run.abandon();
    return fallBack(why, new Replay({ rootValue, roots: outcomes, fetched, settled }));
  };
  const finish = () => {
    const data = plan.write(undefined, run);
    run.finish();
    done();
    return { data };
  };
  try {
    const values = plan.roots.map((field) => callRoot(field, call, run, outcomes));
    const gathering = values.some(isThenable)
      ? allInOrder(values, run.settled, (value, index) => plan.roots[index]?.value.markHandled(value)).then(
          (arrived) => run.gather(plan.roots, arrived),
        )
      : run.gather(plan.roots, values);
    return gathering === undefined ? finish() : gathering.then(finish).catch(giveUp);
  } catch (error) {
    return giveUp(error);
  }
}

/** Runs a mutation: its root fields one after the other, each with all that lies below it. None is ever called twice. */
export async function runMutation(
  call: RootCall,
  run: Run,
  { done, fallBack }: Endings,
): Promise<ExecutionResult> {
  const { plan, rootValue } = call;
  // As in graphql-js, so that an alias `__proto__` is a key like any other.
  const data: Record<string, unknown> = Object.create(null);
  for (const [index, field] of plan.fields.entries()) {
    if ('constant' in field) {
      data[field.key] = field.constant;
      continue;
    }
    const outcomes = new Map<string, RootOutcome>();
    run.fetched = [];
    try {
      const value = await callRoot(field, call, run, outcomes);
      await run.gather([field], [value]);
      data[field.key] = field.value.complete(run.take(field.slot), run);
    } catch (why) {
      const { fetched, settled } = run;
      run.abandon();
      const replay = new Replay({ rootValue, roots: outcomes, fetched, settled });
      const rest = await fallBack(why, replay, operationOf(plan, plan.fields.slice(index)));
      return { ...rest, data: rest.data ? Object.assign(data, rest.data) : null };
    }
  }
  run.finish();
  done();
  return { data };
}

/** What is left of an operation. The fields keep their places in the document, which errors point to. */
function operationOf({ operation }: Plan, fields: readonly WrittenField[]): OperationDefinitionNode {
  const selections = fields.flatMap(({ nodes }) => nodes);
  return { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}
