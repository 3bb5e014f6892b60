import type { GraphQLLeafType, GraphQLObjectType } from 'graphql';
import { Bailout } from '../fallback/bailout.ts';
import type { ObjectPlan, RunState, Source, ValuePlan } from '../plan/plan.ts';
import { Selection } from '../selection.ts';
import { ignoreRejections, isThenable } from './mark-handled.ts';
import { plainCheckOf } from './plain-leaf.ts';

/** Plans the values of a scalar or an enum. */
export function leafPlan(type: GraphQLLeafType): ValuePlan {
  const isPlain = plainCheckOf(type) ?? (() => false);
  return {
    visit: null,
    selection: new Selection(),
    objects: [],
    complete(value, run) {
      if (isPlain(value)) {
        if (typeof value === 'string') run.size.add(value.length);
        return value;
      }
      if (value === null || value === undefined) return null;
      assertPlainValue(value);
      const serialized = type.serialize(value);
      if (serialized === null || serialized === undefined) throw new Bailout('no value after serialization');
      assertNoPromise(serialized);
      run.size.addLeaf(serialized);
      return serialized;
    },
  };
}

/** Plans values that must not be null. */
export function nonNullPlan(inner: ValuePlan): ValuePlan {
  const { complete } = inner;
  return {
    ...inner,
    complete(value, run) {
      const completed = complete(value, run);
      if (completed === null) throw new Bailout('null where there must be a value');
      return completed;
    },
  };
}

/** Plans lists. Only arrays are accepted: other iterables may not be iterable twice. */
export function listPlan(item: ValuePlan): ValuePlan {
  const { complete, visit } = item;
  return {
    ...item,
    complete(value, run) {
      if (value === null || value === undefined) return null;
      const items = itemsOf(value);
      const completed: unknown[] = [];
      try {
        for (let index = 0; index < items.length; index += 1) completed.push(complete(items[index], run));
      } catch (error) {
        ignoreRejections(items);
        throw error;
      }
      return completed;
    },
    visit:
      visit === null
        ? null
        : (value, run) => {
            if (value === null || value === undefined) return;
            const items = itemsOf(value);
            for (let index = 0; index < items.length; index += 1) visit(items[index], run);
          },
  };
}

/** The selection of objects of one type. */
export interface ObjectShape {
  readonly object: ObjectPlan;
  /** True if values are gathered below. */
  readonly isDeep: boolean;
  readonly selection: Selection;
}

/** Plans objects of one type. */
export function objectPlan(type: GraphQLObjectType, { object, isDeep, selection }: ObjectShape): ValuePlan {
  const { write } = object;
  const objects = [object];
  if (!isDeep) {
    return {
      selection,
      objects,
      visit: null,
      complete(value, run) {
        if (value === null || value === undefined) return null;
        assertObjectOf(type, value, run);
        return write(value, run);
      },
    };
  }
  return {
    selection,
    objects,
    // Visited values have been checked already.
    complete: (value, run) => (value === null || value === undefined ? null : write(value, run)),
    visit(value, run) {
      if (value === null || value === undefined) return;
      assertObjectOf(type, value, run);
      run.visit(object, value);
    },
  };
}

/**
 * Plans objects that a batch may return for several parents: objects in close succession are written once.
 */
export function sharedPlan(plan: ValuePlan, slot: number): ValuePlan {
  const { complete } = plan;
  return {
    ...plan,
    complete: (value, run) =>
      value === null || value === undefined
        ? complete(value, run)
        : run.lastWritten(slot).complete(value, complete, run),
  };
}

/** @throws Bailout for values whose fields graphql-js would not read as an object of this type */
export function assertObjectOf(
  type: GraphQLObjectType,
  value: unknown,
  run: RunState,
): asserts value is Source {
  if (typeof value !== 'object') throw new Bailout('no object for an object');
  assertPlainValue(value);
  if (type.isTypeOf === undefined || type.isTypeOf === null) return;
  // Operations with functions that expect `info` are not planned.
  const isOfType: unknown = Reflect.apply(type.isTypeOf, type, [value, run.context]);
  if (isOfType === true) return;
  ignoreRejections(isOfType);
  throw new Bailout('no possible type');
}

/** @throws Bailout for an error, which graphql-js throws, a function, which it calls, and a promise */
export function assertPlainValue(value: unknown): void {
  if (value instanceof Error) throw new Bailout('a value is an error');
  if (typeof value === 'function') throw new Bailout('a value is a function');
  assertNoPromise(value);
}

/** @throws Bailout for a promise, which graphql-js awaits everywhere */
export function assertNoPromise(value: unknown): void {
  if (!isThenable(value)) return;
  ignoreRejections(value);
  throw new Bailout('a value is a promise');
}

function itemsOf(value: unknown): readonly unknown[] {
  assertNoPromise(value);
  if (Array.isArray(value)) return value;
  throw new Bailout('no array for a list');
}
