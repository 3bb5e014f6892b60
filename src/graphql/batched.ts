import DataLoader from 'dataloader';
import type { Selection } from '../execution/selection.ts';
import { requireReading } from './access.ts';
import type { Loaders, RequestContext } from './context.ts';

/**
 * Answers one value for each of many parents, in their order. Each parent's value depends on that parent alone, whoever else
 * is in the batch; the array is fresh. It may answer synchronously when a cache has everything. `selection` is what will be read
 * of the values; null: anything.
 */
export type Fetch<Parent, Args, Value> = (
  parents: readonly Parent[],
  args: Args,
  context: RequestContext,
  selection: Selection | null,
) => readonly Value[] | Promise<readonly Value[]>;

/** Stays in this file, so that nothing but `batched` can make a Batched. */
const brand: unique symbol = Symbol('batched');

/** A resolver that fetches for all parents that reach its field together. */
export interface Batched<Parent, Args, Value> {
  (parent: Parent, args: Args, context: RequestContext): Promise<Value>;
  /** For an executor that holds all parents of a level already. */
  readonly fetch: Fetch<Parent, Args, Value>;
  /** Says what its batches are called in traces: the field that it answers. */
  nameAfter(field: string): void;
  readonly [brand]: true;
}

/**
 * The one way for a field below the roots to fetch. Gathers the parents that reach the field with the same arguments in one
 * tick of a request and calls `fetch` once for all of them.
 */
export function batched<Parent, Args, Value>(
  answer: Fetch<Parent, Args, Value>,
): Batched<Parent, Args, Value> {
  // Here and not at the roots, because a mutation's payload leads to everything that a query could ask.
  const fetch: Fetch<Parent, Args, Value> = (parents, args, context, selection) => {
    requireReading(context.viewer);
    if (context.trace === null) return answer(parents, args, context, selection);
    return context.trace.batch(fieldName, parents.length, () => answer(parents, args, context, selection));
  };
  let fieldName = 'batch';
  // Keyed by the request's loaders, which a mutation replaces: what was gathered before a write is never answered after it.
  const gatherers = new WeakMap<Loaders, Map<string, DataLoader<Parent, Value>>>();

  function gathererFor(args: Args, context: RequestContext): DataLoader<Parent, Value> {
    const byArguments = gatherers.get(context.loaders) ?? new Map<string, DataLoader<Parent, Value>>();
    gatherers.set(context.loaders, byArguments);

    const key = JSON.stringify(args);
    const known = byArguments.get(key);
    if (known !== undefined) return known;
    const gatherer = new DataLoader<Parent, Value>(async (parents) => fetch(parents, args, context, null));
    byArguments.set(key, gatherer);
    return gatherer;
  }

  return Object.assign(
    (parent: Parent, args: Args, context: RequestContext) => gathererFor(args, context).load(parent),
    {
      fetch,
      nameAfter: (field: string) => {
        fieldName = field;
      },
      [brand]: true as const,
    },
  );
}

/** The fetch of a resolver that `batched` made, now named after its field; null for any other. */
export function fetchOf(resolver: unknown, field: string): Fetch<unknown, unknown, unknown> | null {
  if (!isBatched(resolver)) return null;
  resolver.nameAfter(field);
  return resolver.fetch;
}

function isBatched(resolver: unknown): resolver is Batched<unknown, unknown, unknown> {
  return typeof resolver === 'function' && brand in resolver;
}
