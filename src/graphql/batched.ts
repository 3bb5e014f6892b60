import DataLoader from 'dataloader';
import type { Selection } from '../execution/selection.ts';
import { requireReading } from './access.ts';
import type { Loaders, RequestContext } from './context.ts';

/**
 * Returns one value for each of many parents, in their order, in a fresh array; synchronously if a cache has
 * all of them. Each value depends on its own parent alone, and `selection` has the fields that will be read
 * (null: any).
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
  /** Names the batches in traces after their field. */
  nameAfter(field: string): void;
  readonly [brand]: true;
}

/**
 * Creates the resolver of a field below the roots that fetches, in the only way there is. Gathers the parents
 * that reach the field with the same arguments in one tick, and calls `fetch` once for all of them.
 */
export function batched<Parent, Args, Value>(
  answer: Fetch<Parent, Args, Value>,
): Batched<Parent, Args, Value> {
  // Here and not at the roots, because a mutation's payload leads to everything that a query can select.
  const fetch: Fetch<Parent, Args, Value> = (parents, args, context, selection) => {
    requireReading(context.viewer);
    if (context.trace === null) return answer(parents, args, context, selection);
    return context.trace.batch(fieldName, parents.length, () => answer(parents, args, context, selection));
  };
  let fieldName = 'batch';
  // Keyed by the request's loaders, which a mutation replaces: values from before a write are never used
  // after the write.
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

/** Names a resolver of `batched` after its field and returns its fetch; null for any other resolver. */
export function fetchOf(resolver: unknown, field: string): Fetch<unknown, unknown, unknown> | null {
  if (!isBatched(resolver)) return null;
  resolver.nameAfter(field);
  return resolver.fetch;
}

function isBatched(resolver: unknown): resolver is Batched<unknown, unknown, unknown> {
  return typeof resolver === 'function' && brand in resolver;
}
