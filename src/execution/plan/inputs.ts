import {
  getArgumentValues,
  getNamedType,
  getVariableValues,
  isEnumType,
  isNonNullType,
  isSpecifiedScalarType,
  Kind,
  typeFromAST,
  valueFromAST,
  type FieldNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  type GraphQLType,
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql';
import { plainCheckOf } from '../run/plain-leaf.ts';

type Values = Readonly<Record<string, unknown>>;

/** Where the value of an argument comes from. */
type Origin =
  | { readonly name: string; readonly value: unknown }
  | { readonly name: string; readonly variable: string; readonly isRequired: boolean };

/**
 * What reads a field's arguments, as graphql-js does. What the document says by itself is worked out once, as
 * long as nobody could write into it; whatever is not plain graphql-js reads each time.
 */
export function argumentReader(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): (variables: Values) => Record<string, unknown> {
  const asGraphqlJs = (variables: Values) => getArgumentValues(definition, node, variables);
  const origins = originsOf(definition, node);
  if (origins === null) return asGraphqlJs;
  return (variables) => {
    const args: Record<string, unknown> = {};
    for (const origin of origins) {
      if ('variable' in origin) {
        const value = Object.hasOwn(variables, origin.variable) ? variables[origin.variable] : undefined;
        if (value === undefined || (value === null && origin.isRequired)) return asGraphqlJs(variables);
        args[origin.name] = value;
      } else {
        args[origin.name] = origin.value;
      }
    }
    return args;
  };
}

/**
 * What makes an operation's variables of those that were given, as graphql-js does; undefined for what they
 * may not be. Texts, numbers and such are most of them, and already are what they should become.
 */
export function variableReader(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
): (given: Values) => Values | undefined {
  const checks = definitions.map(({ variable, type, defaultValue }) => {
    const check = checkOf(typeFromAST(schema, type));
    const mayBeAbsent = type.kind !== Kind.NON_NULL_TYPE && defaultValue === undefined;
    return { name: variable.name.value, check, mayBeAbsent };
  });
  return (given) => {
    const variables: Record<string, unknown> = {};
    for (const { check, mayBeAbsent, name } of checks) {
      if (!Object.hasOwn(given, name) && mayBeAbsent) continue;
      const value = given[name];
      if (!check(value)) return getVariableValues(schema, definitions, given, { maxErrors: 1 }).coerced;
      variables[name] = value;
    }
    return variables;
  };
}

function originsOf({ args }: GraphQLField<unknown, unknown>, node: FieldNode): Origin[] | null {
  const valueByName = new Map(node.arguments?.map(({ name, value }) => [name.value, value]));
  const origins: Origin[] = [];
  for (const { name, type, defaultValue } of args) {
    const given = valueByName.get(name);
    if (given === undefined && defaultValue === undefined && !isNonNullType(type)) continue;
    if (given?.kind === Kind.VARIABLE) {
      origins.push({ name, variable: given.name.value, isRequired: isNonNullType(type) });
      continue;
    }
    const value = given === undefined ? defaultValue : constantOf(given, type);
    if (value === undefined || (typeof value === 'object' && value !== null)) return null;
    origins.push({ name, value });
  }
  return origins;
}

/**
 * Undefined for what has variables within, or is not valid, or what a scalar of the schema's own makes
 * something of.
 */
function constantOf(node: ValueNode, type: GraphQLInputType): unknown {
  const named = getNamedType(type);
  return isSpecifiedScalarType(named) || isEnumType(named) ? valueFromAST(node, type) : undefined;
}

/** Whether a value is what it should become; never for types of which one cannot say so. */
function checkOf(type: GraphQLType | undefined): (value: unknown) => boolean {
  return plainCheckOf(isNonNullType(type) ? type.ofType : type) ?? (() => false);
}
