import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  type GraphQLType,
} from 'graphql';

/**
 * Returns a check for values of a built-in scalar that need no coercion, neither as input nor as output.
 * Undefined for all other types.
 */
export function plainCheckOf(type: GraphQLType | undefined): ((value: unknown) => boolean) | undefined {
  switch (type) {
    case GraphQLString:
    case GraphQLID:
      return isString;
    case GraphQLBoolean:
      return isBoolean;
    case GraphQLInt:
      return isInt;
    case GraphQLFloat:
      return isFiniteNumber;
    default:
      return undefined;
  }
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isInt(value: unknown): boolean {
  return typeof value === 'number' && (value | 0) === value;
}

function isFiniteNumber(value: unknown): boolean {
  return Number.isFinite(value);
}
