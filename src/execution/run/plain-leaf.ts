import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  type GraphQLType,
} from 'graphql';

/** A kind of JavaScript value that a built-in scalar neither changes as input nor as output. */
export type PlainKind = 'string' | 'boolean' | 'integer' | 'number';

/** Returns the kind of values of a built-in scalar that need no coercion; null for all other types. */
export function plainKindOf(type: GraphQLType | undefined): PlainKind | null {
  switch (type) {
    case GraphQLString:
    case GraphQLID:
      return 'string';
    case GraphQLBoolean:
      return 'boolean';
    case GraphQLInt:
      return 'integer';
    case GraphQLFloat:
      return 'number';
    default:
      return null;
  }
}

/** Returns true if a value is of the kind; nothing is of the kind null. */
export function isPlain(kind: PlainKind | null, value: unknown): boolean {
  switch (kind) {
    case 'string':
    case 'boolean':
      return typeof value === kind;
    case 'integer':
      return typeof value === 'number' && (value | 0) === value;
    case 'number':
      return Number.isFinite(value);
    case null:
      return false;
  }
}
