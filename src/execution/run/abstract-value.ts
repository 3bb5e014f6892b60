import type { GraphQLAbstractType, GraphQLObjectType, GraphQLSchema } from 'graphql';
import { Bailout } from '../fallback/bailout.ts';
import type { ObjectPlan, RunState, ValuePlan } from '../plan/plan.ts';
import { mergeSelections, type Selection } from '../selection.ts';
import { assertObjectOf, assertPlainValue } from './complete-value.ts';
import { ignoreRejections } from './mark-handled.ts';

/** A possible type of an abstract type. */
export interface PossibleType {
  readonly type: GraphQLObjectType;
  readonly object: ObjectPlan;
  readonly selection: Selection;
}

/**
 * Plans values of an interface or a union; `slot` keeps the type of each, null if nothing is gathered below.
 */
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
  const objects = possible.map(({ object }) => object);

  function typeOf(value: unknown, run: RunState): PossibleType {
    // Before the type is resolved, which would read from the value.
    assertPlainValue(value);
    const found = byName.get(nameOf(value, run));
    if (found === undefined) throw new Bailout('no possible type');
    return found;
  }

  if (slot === null) {
    return {
      selection,
      objects,
      visit: null,
      complete(value, run) {
        if (value === null || value === undefined) return null;
        const found = typeOf(value, run);
        assertObjectOf(found.type, value, run);
        return found.object.write(value, run);
      },
    };
  }
  return {
    selection,
    objects,
    complete(value, run) {
      if (value === null || value === undefined) return null;
      const index = run.take(slot);
      const found = typeof index === 'number' ? possible[index] : undefined;
      if (found === undefined) throw new Bailout('no possible type');
      return found.object.write(value, run);
    },
    visit(value, run) {
      if (value === null || value === undefined) return;
      const found = typeOf(value, run);
      assertObjectOf(found.type, value, run);
      run.keep(slot, possible.indexOf(found));
      run.visit(found.object, value);
    },
  };
}

/** Returns a function that resolves the type of a value as graphql-js does. */
function typeNaming(
  schema: GraphQLSchema,
  abstract: GraphQLAbstractType,
): (value: unknown, run: RunState) => string {
  const { resolveType } = abstract;
  if (resolveType !== undefined && resolveType !== null) {
    return (value, run) => {
      // Operations with functions that expect `info` are not planned.
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
