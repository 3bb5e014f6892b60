import { defaultFieldResolver, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import type { Selection } from '../selection.ts';
import { isThenable } from '../fallback/bailout.ts';
import type { FieldPlan, Plan } from '../plan/plan.ts';
import type { RootOutcome } from '../fallback/replay.ts';
import type { Run } from './run.ts';

/** What a root field is called with, besides its arguments. */
export interface RootCall {
  readonly schema: GraphQLSchema;
  readonly plan: Plan;
  readonly rootValue: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Calls one root field, as graphql-js does, and notes in `outcomes` what it did.
 * @throws what it threw
 */
export function callRoot(
  field: FieldPlan,
  call: RootCall,
  run: Run,
  outcomes: Map<string, RootOutcome>,
): unknown {
  const resolve = field.definition.resolve ?? defaultFieldResolver;
  // Before the field is called: where the variables do not fit, it was not.
  const args = run.argumentsOf(field);
  try {
    const value: unknown = resolve(call.rootValue, args, run.context, infoOf(field, call));
    // What is a promise by its looks only may begin its work whenever it is asked for its value.
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
  { plan, rootValue, schema, variables }: RootCall,
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
