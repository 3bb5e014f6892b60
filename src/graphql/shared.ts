import type { AccessRules } from './access.ts';
import { createNodeResolvers, type NodeFinder } from './node.ts';
import type { DomainResolvers } from './resolver-types-strict.ts';
import { scalars } from './scalars.ts';

/** The part of the API that belongs to no domain: schema.graphql beside this file. */
export function createSharedDomain(finders: readonly NodeFinder[]) {
  const { Node, ...node } = createNodeResolvers(finders);
  const resolvers: DomainResolvers<'shared'> = {
    Query: {
      ...node,
      // The server has already charged the operation.
      rateLimit: (_parent, _args, { rateLimit }) => rateLimit,
    },
  };
  const access: AccessRules<'shared'> = {
    Query: {
      node: { who: 'anyone', scope: 'read' },
      nodes: { who: 'anyone', scope: 'read' },
      rateLimit: { who: 'anyone', scope: null },
    },
  };
  return { resolvers: { ...scalars, ...resolvers, Node }, access };
}
