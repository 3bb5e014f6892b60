import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  type GraphQLType,
} from 'graphql';

/**
 * Returns the check for values of a built-in scalar that need no conversion, neither as input nor as output.
 * Undefined for all other types, which convert values themselves.
 */
export function plainCheckOf(type: GraphQLType | undefined): ((value: unknown) => boolean) | undefined {
  return checks.get(type);
}

const checks: ReadonlyMap<GraphQLType | undefined, (value: unknown) => boolean> = new Map<
  GraphQLType | undefined,
  (value: unknown) => boolean
>([
  [GraphQLString, (value) => typeof value === 'string'],
  [GraphQLID, (value) => typeof value === 'string'],
  [GraphQLBoolean, (value) => typeof value === 'boolean'],
  [GraphQLInt, (value) => typeof value === 'number' && (value | 0) === value],
  [GraphQLFloat, (value) => typeof value === 'number' && Number.isFinite(value)],
]);
