import type { GraphQLLeafType, GraphQLObjectType } from 'graphql';
import { emptySelection, type Selection } from '../selection.ts';
import { Bailout, ignoreRejections, isThenable } from '../fallback/bailout.ts';
import { plainCheckOf } from './plain-leaf.ts';
import type { ObjectPlan, RunState, Source, ValuePlan } from '../plan/plan.ts';

type Complete = ValuePlan['complete'];

/** Values of a scalar or an enum. */
export function leafPlan(type: GraphQLLeafType): ValuePlan {
  const isAnswer = plainCheckOf(type) ?? (() => false);
  const complete: Complete = (value, run) => {
    if (isAnswer(value)) {
      if (typeof value === 'string') run.size.add(value.length);
      return value;
    }
    if (value === null || value === undefined) return null;
    refuseOdd(value);
    const serialized = type.serialize(value);
    if (serialized === null || serialized === undefined) throw new Bailout('no value after serialization');
    refusePromise(serialized);
    run.size.addLeaf(serialized);
    return serialized;
  };
  return { complete, visit: null, selection: emptySelection, markHandled: ignoreRejections };
}

/** Values that must be there. */
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

/** Lists of such values. Only arrays are known here; what else can be iterated may not be iterated twice. */
export function listPlan({ complete, visit, selection, markHandled }: ValuePlan): ValuePlan {
  return {
    selection,
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
    markHandled(value) {
      if (!Array.isArray(value)) ignoreRejections(value);
      else for (const item of value) markHandled(item);
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

/** What objects of one type are asked for, and whether some of that is gathered. */
export interface ObjectShape {
  readonly object: ObjectPlan;
  readonly isDeep: boolean;
  readonly selection: Selection;
}

/** Objects of one type. */
export function objectPlan(type: GraphQLObjectType, { object, isDeep, selection }: ObjectShape): ValuePlan {
  const { markHandled, write } = object;
  if (!isDeep) {
    return {
      selection,
      markHandled,
      visit: null,
      complete(value, run) {
        if (value === null || value === undefined) return null;
        refuseUnlessOf(type, value, run);
        return write(value, run);
      },
    };
  }
  return {
    markHandled,
    selection,
    // What was visited was looked at then.
    complete: (value, run) => (value === null || value === undefined ? null : write(value, run)),
    visit(value, run) {
      if (value === null || value === undefined) return;
      refuseUnlessOf(type, value, run);
      run.visit(object, value);
    },
  };
}

/**
 * Of objects that a fetch answers for many parents, where one and the same may stand for several of them: it is written once for those
 * that come shortly after each other.
 */
export function sharedPlan(plan: ValuePlan, slot: number): ValuePlan {
  const { complete } = plan;
  return {
    ...plan,
    complete(value, run) {
      if (value === null || value === undefined) return complete(value, run);
      const recent = run.lastWrittenIn(slot);
      const known = recent.writtenFrom(value);
      if (known !== undefined) {
        run.size.add(recent.bytesOf(value));
        return known;
      }
      const before = run.size.bytes;
      const written = complete(value, run);
      recent.remember(value, written, run.size.bytes - before);
      return written;
    },
  };
}

/** Refuses what is no source that fields could be read from as graphql-js reads them. */
export function refuseUnlessOf(
  type: GraphQLObjectType,
  value: unknown,
  run: RunState,
): asserts value is Source {
  if (typeof value !== 'object') throw new Bailout('no object for an object');
  refuseOdd(value);
  if (type.isTypeOf === undefined || type.isTypeOf === null) return;
  // Plans are made only of functions that do not ask for it.
  const isOfType: unknown = Reflect.apply(type.isTypeOf, type, [value, run.context]);
  if (isOfType === true) return;
  ignoreRejections(isOfType);
  throw new Bailout('no possible type');
}

/** An error as a value is thrown by graphql-js, a promise awaited, and a function called. */
export function refuseOdd(value: unknown): void {
  if (value instanceof Error) throw new Bailout('a value is an error');
  if (typeof value === 'function') throw new Bailout('a value is a function');
  refusePromise(value);
}

/** A promise is awaited by graphql-js wherever it stands. */
export function refusePromise(value: unknown): void {
  if (!isThenable(value)) return;
  ignoreRejections(value);
  throw new Bailout('a value is a promise');
}

function itemsOf(value: unknown): readonly unknown[] {
  refusePromise(value);
  if (Array.isArray(value)) return value;
  throw new Bailout('no array for a list');
}
