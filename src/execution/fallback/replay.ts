import {
  defaultFieldResolver,
  type FieldNode,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { ByArguments } from '../run/by-arguments.ts';
import { isThenable } from './bailout.ts';
import { afterEarlier } from './settle-order.ts';

/** What a batched field was asked for, and what came back: values in the order of the parents, or a promise of them. */
export interface Fetched {
  readonly definition: GraphQLField<unknown, unknown>;
  readonly args: unknown;
  readonly parents: readonly unknown[];
  readonly answer: unknown;
  /** Where the document asked for it; elsewhere more may be asked of the same values. */
  readonly places: readonly { readonly field: { readonly nodes: readonly FieldNode[] } }[];
}

/** What a root field did when it was called. */
export type RootOutcome = { readonly returned: unknown } | { readonly thrown: unknown };

/**
 * What has happened already of an operation that is handed over to graphql-js: it meets these outcomes again instead of
 * bringing them about a second time.
 */
export class Replay {
  /** What graphql-js would have as the root value. */
  readonly rootValue: unknown;
  /** The promises that have come to an end, in that order. */
  readonly settled: readonly unknown[];
  readonly #roots: ReadonlyMap<string, RootOutcome>;
  readonly #arrivals = new ByArguments<Arrival[]>();

  constructor(options: {
    readonly rootValue: unknown;
    readonly settled: readonly unknown[];
    /** By the name that they are answered under. */
    readonly roots: ReadonlyMap<string, RootOutcome>;
    /** Of the fields below these roots. */
    readonly fetched: readonly Fetched[];
  }) {
    this.rootValue = options.rootValue;
    this.settled = options.settled;
    this.#roots = options.roots;
    for (const fetched of options.fetched) {
      const arrival = new Arrival(fetched, options.settled);
      const known = this.#arrivals.find(fetched.definition, fetched.args);
      if (known === undefined) this.#arrivals.add(fetched.definition, fetched.args, [arrival]);
      else known.push(arrival);
    }
  }

  /** What the root field of this name did; undefined where it was not called. */
  root(key: string | number): RootOutcome | undefined {
    return this.#roots.get(String(key));
  }

  /** What came back for this parent at these places; undefined where nobody asked, or what came back cannot be an answer. */
  fetched(
    definition: GraphQLField<unknown, unknown>,
    parent: unknown,
    args: unknown,
    nodes: readonly FieldNode[],
  ): Found | undefined {
    for (const arrival of this.#arrivals.find(definition, args) ?? []) {
      const found = arrival.isFor(nodes) ? arrival.find(parent) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Undefined inside where what came back was no answer. */
type Found = Promise<{ readonly value: unknown } | undefined>;

/** What was fetched, on its second way. */
class Arrival {
  readonly #fetched: Fetched;
  readonly #settled: readonly unknown[];
  readonly #indexes: ReadonlyMap<unknown, number>;
  readonly #nodes: ReadonlySet<FieldNode>;
  #values: Promise<readonly unknown[] | undefined> | undefined;

  constructor(fetched: Fetched, settled: readonly unknown[]) {
    this.#fetched = fetched;
    this.#settled = settled;
    this.#indexes = new Map(fetched.parents.map((parent, index) => [parent, index]));
    this.#nodes = new Set(fetched.places.flatMap(({ field }) => field.nodes));
  }

  /** Whether all that is asked for by these was asked of the fetch, too. */
  isFor(nodes: readonly FieldNode[]): boolean {
    return nodes.every((node) => this.#nodes.has(node));
  }

  find(parent: unknown): Found | undefined {
    const index = this.#indexes.get(parent);
    if (index === undefined) return undefined;
    this.#values ??= this.#arrive();
    return this.#values.then((values) => (values === undefined ? undefined : { value: values[index] }));
  }

  /**
   * All values of one fetch arrive together, and only when graphql-js has asked for as many as it can, as they would from a
   * DataLoader: otherwise errors would stand in another order.
   */
  async #arrive(): Promise<readonly unknown[] | undefined> {
    await new Promise<void>((resolve) => {
      queueMicrotask(() => process.nextTick(resolve));
    });
    const { answer, parents } = this.#fetched;
    const values: unknown = isThenable(answer) ? await afterEarlier(answer, this.#settled) : answer;
    return isAnswerFor(values, parents) ? values : undefined;
  }
}

/** Whether a fetch kept its promise: a value for each parent. */
export function isAnswerFor(values: unknown, parents: readonly unknown[]): values is unknown[] {
  return Array.isArray(values) && values.length === parents.length;
}

/** Lets the fields of a schema that do work meet what they did already, where the root value is a Replay. */
export function makeReplayable(schema: GraphQLSchema): void {
  const roots = new Set([schema.getQueryType(), schema.getMutationType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const definition of Object.values(type.getFields())) {
      if (roots.has(type)) makeRootReplayable(definition);
      else if (definition.extensions['batched'] !== undefined) makeFetchReplayable(definition);
    }
  }
}

function makeRootReplayable(definition: GraphQLField<unknown, unknown>): void {
  const resolve = definition.resolve ?? defaultFieldResolver;
  definition.resolve = (source, args, context, info) => {
    // A type of the root's may be met further down again.
    if (!(source instanceof Replay)) return resolve(source, args, context, info);
    const outcome = source.root(info.path.key);
    if (outcome === undefined) return resolve(source.rootValue, args, context, outOf(source, info));
    if ('thrown' in outcome) throw outcome.thrown;
    const { returned } = outcome;
    return isThenable(returned) ? afterEarlier(returned, source.settled) : returned;
  };
}

function makeFetchReplayable(definition: GraphQLField<unknown, unknown>): void {
  const resolve = definition.resolve ?? defaultFieldResolver;
  definition.resolve = (parent, args, context, info) => {
    const replay = info.rootValue;
    if (!(replay instanceof Replay)) return resolve(parent, args, context, info);
    const again = () => resolve(parent, args, context, outOf(replay, info));
    // Below a root field that was not called before, everything is new.
    const fetched =
      replay.root(rootKeyOf(info)) === undefined
        ? undefined
        : replay.fetched(definition, parent, args, info.fieldNodes);
    if (fetched === undefined) return again();
    return fetched.then((found) => (found === undefined ? again() : found.value));
  };
}

function outOf(replay: Replay, info: GraphQLResolveInfo): GraphQLResolveInfo {
  return { ...info, rootValue: replay.rootValue };
}

function rootKeyOf(info: GraphQLResolveInfo): string | number {
  let { path } = info;
  while (path.prev !== undefined) path = path.prev;
  return path.key;
}
