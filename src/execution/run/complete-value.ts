import type { GraphQLLeafType, GraphQLObjectType } from 'graphql';
import { nothing, type Asked } from '../selection.ts';
import { Fault, hush, isThenable } from '../fallback/bailout.ts';
import { plainCheckOf } from './plain-leaf.ts';
import type { ObjectPlan, RunState, Source, ValuePlan } from '../plan/plan.ts';

type Complete = ValuePlan['complete'];

/** Values of a scalar or an enum. */
export function leafPlan(type: GraphQLLeafType): ValuePlan {
  const isAnswer = plainCheckOf(type) ?? (() => false);
  const complete: Complete = (value) => {
    if (isAnswer(value)) return value;
    if (value === null || value === undefined) return null;
    refuseOdd(value);
    const serialized = type.serialize(value);
    if (serialized === null || serialized === undefined) throw new Fault('no value after serialization');
    refusePromise(serialized);
    return serialized;
  };
  return { complete, visit: null, asked: nothing, hear: hush };
}

/** Values that must be there. */
export function nonNullPlan(inner: ValuePlan): ValuePlan {
  const { complete } = inner;
  return {
    ...inner,
    complete(value, run) {
      const completed = complete(value, run);
      if (completed === null) throw new Fault('null where there must be a value');
      return completed;
    },
  };
}

/** Lists of such values. Only arrays are known here; what else can be iterated may not be iterated twice. */
export function listPlan({ complete, visit, asked, hear }: ValuePlan): ValuePlan {
  return {
    asked,
    complete(value, run) {
      if (value === null || value === undefined) return null;
      const items = itemsOf(value);
      const completed: unknown[] = [];
      try {
        for (let index = 0; index < items.length; index += 1) completed.push(complete(items[index], run));
      } catch (error) {
        hush(items);
        throw error;
      }
      return completed;
    },
    hear(value) {
      if (!Array.isArray(value)) hush(value);
      else for (const item of value) hear(item);
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
  readonly asked: Asked;
}

/** Objects of one type. */
export function objectPlan(type: GraphQLObjectType, { object, isDeep, asked }: ObjectShape): ValuePlan {
  const { hear, write } = object;
  if (!isDeep) {
    return {
      asked,
      hear,
      visit: null,
      complete(value, run) {
        if (value === null || value === undefined) return null;
        refuseUnlessOf(type, value, run);
        return write(value, run);
      },
    };
  }
  return {
    hear,
    asked,
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
      const recent = run.recentIn(slot);
      const known = recent.writtenFrom(value);
      if (known !== undefined) return known;
      const written = complete(value, run);
      recent.remember(value, written);
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
  if (typeof value !== 'object') throw new Fault('no object for an object');
  refuseOdd(value);
  if (type.isTypeOf === undefined || type.isTypeOf === null) return;
  // Plans are made only of functions that do not ask for it.
  const isOfType: unknown = Reflect.apply(type.isTypeOf, type, [value, run.context]);
  if (isOfType === true) return;
  hush(isOfType);
  throw new Fault('no possible type');
}

/** An error as a value is thrown by graphql-js, a promise awaited, and a function called. */
export function refuseOdd(value: unknown): void {
  if (value instanceof Error) throw new Fault('a value is an error');
  if (typeof value === 'function') throw new Fault('a value is a function');
  refusePromise(value);
}

/** A promise is awaited by graphql-js wherever it stands. */
export function refusePromise(value: unknown): void {
  if (!isThenable(value)) return;
  hush(value);
  throw new Fault('a value is a promise');
}

function itemsOf(value: unknown): readonly unknown[] {
  refusePromise(value);
  if (Array.isArray(value)) return value;
  throw new Fault('no array for a list');
}
