import {
  defaultFieldResolver,
  isObjectType,
  type FieldNode,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql';
import type { RootResolver } from '../plan/plan.ts';
import { ByArguments } from '../run/by-arguments.ts';
import { isAnswerFor, type Batch } from '../run/batches.ts';

/** The outcome of a root field's resolver. */
export type RootOutcome = { readonly returned: unknown } | { readonly thrown: unknown };

/**
 * The outcomes of all resolvers that the level executor has called for an operation. As root value of
 * graphql-js it supplies them again, so that no root field and no batch is run twice.
 */
export class Replay {
  /** The root value of the operation itself. */
  readonly rootValue: unknown;
  readonly #roots: ReadonlyMap<string, RootOutcome>;
  readonly #batches = new ByArguments<ReplayedBatch[]>();

  constructor(options: {
    readonly rootValue: unknown;
    /** By response key. */
    readonly roots: ReadonlyMap<string, RootOutcome>;
    /** The batches below these roots. */
    readonly fetched: readonly Batch[];
  }) {
    this.rootValue = options.rootValue;
    this.#roots = options.roots;
    for (const batch of options.fetched) {
      const { definition, args } = batch;
      const known = this.#batches.find(definition, args);
      if (known === undefined) this.#batches.add(definition, args, [new ReplayedBatch(batch)]);
      else known.push(new ReplayedBatch(batch));
    }
  }

  /** Returns the outcome of the root field with this response key; undefined if it was not called. */
  root(key: string | number): RootOutcome | undefined {
    return this.#roots.get(String(key));
  }

  /** Returns the value that was fetched for a parent of these nodes; undefined if none was fetched. */
  fetched(
    parent: unknown,
    { definition, args }: Pick<Batch, 'definition' | 'args'>,
    nodes: readonly FieldNode[],
  ): FetchedValue | undefined {
    for (const batch of this.#batches.find(definition, args) ?? []) {
      const found = batch.find(parent, nodes);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Resolves to undefined if the batch resolver did not return one value per parent. */
type FetchedValue = Promise<{ readonly value: unknown } | undefined>;

class ReplayedBatch {
  readonly #batch: Batch;
  readonly #indexes: ReadonlyMap<unknown, number>;
  readonly #nodes: ReadonlySet<FieldNode>;

  constructor(batch: Batch) {
    const { fields, parents } = batch;
    this.#batch = batch;
    this.#indexes = new Map(parents.map((parent, index) => [parent, index]));
    this.#nodes = new Set(fields.flatMap(({ field }) => field.nodes));
  }

  /** Other nodes may select fields that were not fetched for these values. */
  find(parent: unknown, nodes: readonly FieldNode[]): FetchedValue | undefined {
    const index = this.#indexes.get(parent);
    if (index === undefined || !nodes.every((node) => this.#nodes.has(node))) return undefined;
    return this.#valueAt(index);
  }

  async #valueAt(index: number): Promise<{ readonly value: unknown } | undefined> {
    const { answer, parents } = this.#batch;
    const values = await answer;
    return isAnswerFor(values, parents) ? { value: values[index] } : undefined;
  }
}

/** Wraps the resolvers of root fields and batched fields: they read a Replay where the root value is one. */
export function makeReplayable(schema: GraphQLSchema): void {
  const roots = new Set([schema.getQueryType(), schema.getMutationType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const definition of Object.values(type.getFields())) {
      if (roots.has(type)) makeRootReplayable(definition);
      else if (definition.extensions['batched'] !== undefined) makeBatchReplayable(definition);
    }
  }
}

/** Returns the resolver of a root field as it was before `makeReplayable`. */
export function rootResolverOf({ extensions, resolve }: GraphQLField<unknown, unknown>): RootResolver {
  const { unwrapped } = extensions;
  return isResolver(unwrapped) ? unwrapped : (resolve ?? defaultFieldResolver);
}

function isResolver(candidate: unknown): candidate is RootResolver {
  return typeof candidate === 'function';
}

function makeRootReplayable(definition: GraphQLField<unknown, unknown>): void {
  const resolve = definition.resolve ?? defaultFieldResolver;
  definition.extensions = { ...definition.extensions, unwrapped: resolve };
  definition.resolve = (source, args, context, info) => {
    // A root type may occur as an ordinary type as well: below the root the source is no Replay.
    if (!(source instanceof Replay)) return resolve(source, args, context, info);
    const outcome = source.root(info.path.key);
    if (outcome === undefined) return resolve(source.rootValue, args, context, withoutReplay(source, info));
    if ('thrown' in outcome) throw outcome.thrown;
    return outcome.returned;
  };
}

function makeBatchReplayable(definition: GraphQLField<unknown, unknown>): void {
  const resolve = definition.resolve ?? defaultFieldResolver;
  definition.resolve = (parent, args, context, info) => {
    const replay = info.rootValue;
    if (!(replay instanceof Replay)) return resolve(parent, args, context, info);
    const resolveNow = () => resolve(parent, args, context, withoutReplay(replay, info));
    // Below a root field that was not called before, nothing was fetched.
    const wasCalled = replay.root(rootKeyOf(info)) !== undefined;
    const fetched = wasCalled ? replay.fetched(parent, { definition, args }, info.fieldNodes) : undefined;
    if (fetched === undefined) return resolveNow();
    return fetched.then((found) => (found === undefined ? resolveNow() : found.value));
  };
}

function withoutReplay(replay: Replay, info: GraphQLResolveInfo): GraphQLResolveInfo {
  return { ...info, rootValue: replay.rootValue };
}

function rootKeyOf(info: GraphQLResolveInfo): string | number {
  let { path } = info;
  while (path.prev !== undefined) path = path.prev;
  return path.key;
}
