import { BadUserInput } from '../platform/errors.ts';
import { prefixOf } from '../platform/ids.ts';
import { pageSizeMax } from './connection.ts';
import type { RequestContext } from './context.ts';
import type { ObjectTypeName, ResolversOf, RowOf } from './resolver-types-strict.ts';

/** A row with the name of its GraphQL type, which only `node` and `nodes` need. */
export interface NodeRow {
  readonly __typename: string;
}

/** A domain's way to find an object by its public ID. */
export type NodeFinder = {
  readonly [Type in ObjectTypeName]: {
    readonly type: Type;
    /** The part of the type's public IDs before the underscore. */
    readonly prefix: string;
    /** True for objects that callers without credentials can see. */
    readonly isPublic?: true;
    /** Returns null for an object that does not exist or is not visible to the viewer. */
    readonly find: (publicId: string, context: RequestContext) => Promise<RowOf<Type> | null>;
  };
}[ObjectTypeName];

/** The resolvers of `node`, `nodes` and the interface Node. */
export function createNodeResolvers(finders: readonly NodeFinder[]) {
  const finderByPrefix = new Map(finders.map((finder) => [finder.prefix, finder]));

  async function find(publicId: string, context: RequestContext): Promise<NodeRow | null> {
    const finder = finderByPrefix.get(prefixOf(publicId) ?? '');
    if (finder === undefined || (context.viewer === null && finder.isPublic !== true)) return null;
    const row = await finder.find(publicId, context);
    return row === null ? null : { ...row, __typename: finder.type };
  }

  const query: Pick<ResolversOf<'shared', 'Query'>, 'node' | 'nodes'> = {
    node: (_parent, { id }, context) => find(id, context),
    nodes(_parent, { ids }, context) {
      if (ids.length > pageSizeMax) {
        throw new BadUserInput(`\`ids\` has ${ids.length} entries; ${pageSizeMax} are allowed.`);
      }
      return Promise.all(ids.map((id) => find(id, context)));
    },
  };
  return { ...query, Node: { __resolveType: (row: NodeRow) => row.__typename } };
}
