import type { GraphQLLeafType, GraphQLObjectType } from 'graphql';
import { Bailout } from '../fallback/bailout.ts';
import type { ObjectPlan, RunState, Source, ValuePlan } from '../plan/plan.ts';
import { Selection } from '../selection.ts';
import { ignoreRejections, isThenable } from './mark-handled.ts';
import { shortText } from './answer-size.ts';
import { isPlain, plainKindOf } from './plain-leaf.ts';

/** Plans the values of a scalar or an enum. */
export function leafPlan(type: GraphQLLeafType): ValuePlan {
  const kind = plainKindOf(type);
  return {
    visit: null,
    selection: new Selection(),
    objects: [],
    complete(value, run) {
      if (isPlain(kind, value)) {
        if (typeof value === 'string')
          run.addBytes(value.length <= shortText ? value.length : Buffer.byteLength(value));
        return value;
      }
      if (value === null || value === undefined) return null;
      assertPlainValue(value);
      const serialized = type.serialize(value);
      if (serialized === null || serialized === undefined) throw new Bailout('no value after serialization');
      if (isThenable(serialized)) throw promised(serialized);
      if (typeof serialized === 'string') run.addBytes(serialized.length);
      else if (typeof serialized === 'object') run.addJson(serialized);
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
  return {
    selection,
    objects: [object],
    complete(value, run) {
      if (value === null || value === undefined) return null;
      // Visited values have been checked already.
      if (!isDeep) assertObjectOf(type, value, run);
      return write(value, run);
    },
    visit: isDeep
      ? (value, run) => {
          if (value === null || value === undefined) return;
          assertObjectOf(type, value, run);
          run.visit(object, value);
        }
      : null,
  };
}

/** Enough for the authors in a list of messages: two in dialogue, and a few more. */
const rememberedMax = 4;

/**
 * Plans objects that a batch may return for several parents: objects in close succession are written once.
 */
export function sharedPlan(plan: ValuePlan, slot: number): ValuePlan {
  const { complete } = plan;
  return {
    ...plan,
    complete(value, run) {
      if (value === null || value === undefined) return complete(value, run);
      const last = (run.lastWritten[slot] ??= { sources: [], written: [], bytes: [], oldest: 0 });
      const known = last.sources.indexOf(value);
      if (known !== -1) {
        run.addBytes(last.bytes[known] ?? 0);
        return last.written[known];
      }
      const before = run.bytes;
      const written = complete(value, run);
      last.sources[last.oldest] = value;
      last.written[last.oldest] = written;
      last.bytes[last.oldest] = run.bytes - before;
      last.oldest = (last.oldest + 1) % rememberedMax;
      return written;
    },
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

/**
 * @throws Bailout for an error, which graphql-js throws, a function, which it calls, and a promise, which it
 * awaits everywhere
 */
export function assertPlainValue(value: unknown): void {
  if (typeof value === 'function') throw new Bailout('a value is a function');
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Error) throw new Bailout('a value is an error');
  if (isThenable(value)) throw promised(value);
}

function promised(value: unknown): Bailout {
  ignoreRejections(value);
  return new Bailout('a value is a promise');
}

function itemsOf(value: unknown): readonly unknown[] {
  assertPlainValue(value);
  if (Array.isArray(value)) return value;
  throw new Bailout('no array for a list');
}
