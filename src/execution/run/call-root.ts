import { defaultFieldResolver, type GraphQLResolveInfo } from 'graphql';
import type { RootOutcome } from '../fallback/replay.ts';
import type { FieldPlan } from '../plan/plan.ts';
import type { Selection } from '../selection.ts';
import { isThenable } from './mark-handled.ts';
import type { Execution } from './run-operation.ts';
import type { Run } from './run.ts';

/**
 * Calls the resolver of a root field as graphql-js does, and records its outcome.
 * @throws what the resolver throws
 */
export function callRoot(
  field: FieldPlan,
  execution: Execution,
  run: Run,
  outcomes: Map<string, RootOutcome>,
): unknown {
  const resolve = field.definition.resolve ?? defaultFieldResolver;
  // Outside of the try: if the variables do not fit, the resolver was not called and has no outcome.
  const args = run.argumentsOf(field);
  try {
    const value: unknown = resolve(execution.rootValue, args, run.context, infoOf(field, execution));
    // A thenable that is no promise may start its work whenever `then` is called: call it once.
    const returned = isThenable(value) ? Promise.resolve(value) : value;
    outcomes.set(field.key, { returned });
    return returned;
  } catch (thrown) {
    outcomes.set(field.key, { thrown });
    throw thrown;
  }
}

function infoOf(
  { definition, key, nodes, parentType, value }: FieldPlan,
  { plan, rootValue, schema, variables }: Execution,
): GraphQLResolveInfo & { readonly selection: Selection } {
  return {
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
}
