import type { GraphQLAbstractType, GraphQLObjectType, GraphQLSchema } from 'graphql';
import { mergeSelections, type Selection } from '../selection.ts';
import { refuseOdd, refuseUnlessOf } from './complete-value.ts';
import { Bailout, ignoreRejections } from '../fallback/bailout.ts';
import type { ObjectPlan, RunState, ValuePlan } from '../plan/plan.ts';

/** One of the types that a value can be of. */
export interface PossibleType {
  readonly type: GraphQLObjectType;
  readonly object: ObjectPlan;
  readonly selection: Selection;
}

/** Values of an interface or a union. `slot` keeps which type each of them is of; null where nothing is gathered below any. */
export function abstractPlan(options: {
  readonly schema: GraphQLSchema;
  readonly type: GraphQLAbstractType;
  readonly possible: readonly PossibleType[];
  readonly slot: number | null;
}): ValuePlan {
  const { possible, slot } = options;
  const nameOf = typeNaming(options.schema, options.type);
  const byName = new Map(possible.map((each) => [each.type.name, each]));
  const selection = mergeSelections(possible.map((each) => each.selection));

  function recognise(value: unknown, run: RunState): PossibleType {
    // Before the type is asked for, which would look into them.
    refuseOdd(value);
    const found = byName.get(nameOf(value, run));
    if (found === undefined) throw new Bailout('no possible type');
    return found;
  }

  const markHandled = (value: unknown) => {
    for (const { object } of possible) object.markHandled(value);
  };
  if (slot === null) {
    return {
      markHandled,
      selection,
      visit: null,
      complete(value, run) {
        if (value === null || value === undefined) return null;
        const found = recognise(value, run);
        refuseUnlessOf(found.type, value, run);
        return found.object.write(value, run);
      },
    };
  }
  return {
    markHandled,
    selection,
    complete(value, run) {
      if (value === null || value === undefined) return null;
      const index = run.take(slot);
      const found = typeof index === 'number' ? possible[index] : undefined;
      if (found === undefined) throw new Bailout('no possible type');
      return found.object.write(value, run);
    },
    visit(value, run) {
      if (value === null || value === undefined) return;
      const found = recognise(value, run);
      refuseUnlessOf(found.type, value, run);
      run.keep(slot, possible.indexOf(found));
      run.visit(found.object, value);
    },
  };
}

/** How the type of a value is found, as graphql-js finds it. */
function typeNaming(
  schema: GraphQLSchema,
  abstract: GraphQLAbstractType,
): (value: unknown, run: RunState) => string {
  const { resolveType } = abstract;
  if (resolveType !== undefined && resolveType !== null) {
    return (value, run) => {
      // Plans are made only of functions that do not ask for more.
      const name: unknown = Reflect.apply(resolveType, undefined, [value, run.context]);
      if (typeof name === 'string') return name;
      ignoreRejections(name);
      throw new Bailout('no possible type');
    };
  }
  const candidates = schema.getPossibleTypes(abstract);
  return (value, run) => {
    if (typeof value !== 'object' || value === null) throw new Bailout('no object for an object');
    if ('__typename' in value && typeof value.__typename === 'string') return value.__typename;
    const found = candidates.find((candidate) => {
      const { isTypeOf } = candidate;
      if (isTypeOf === undefined || isTypeOf === null) return false;
      const isOfType: unknown = Reflect.apply(isTypeOf, candidate, [value, run.context]);
      if (typeof isOfType === 'boolean') return isOfType;
      ignoreRejections(isOfType);
      throw new Bailout('no possible type');
    });
    if (found === undefined) throw new Bailout('no possible type');
    return found.name;
  };
}
