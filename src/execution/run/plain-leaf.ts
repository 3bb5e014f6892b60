import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  type GraphQLType,
} from 'graphql';

/**
 * Whether a value of GraphQL's own scalars is the same on both sides, so that nothing needs to be made of it, whether it comes in or goes
 * out. Undefined for all other types, which are asked.
 */
export function plainCheckOf(type: GraphQLType | undefined): ((value: unknown) => boolean) | undefined {
  return checks.get(type);
}

const checks = new Map<GraphQLType | undefined, (value: unknown) => boolean>([
  [GraphQLString, (value) => typeof value === 'string'],
  [GraphQLID, (value) => typeof value === 'string'],
  [GraphQLBoolean, (value) => typeof value === 'boolean'],
  [GraphQLInt, (value) => typeof value === 'number' && (value | 0) === value],
  [GraphQLFloat, (value) => typeof value === 'number' && Number.isFinite(value)],
]);
