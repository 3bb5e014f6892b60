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
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql';
import { isPlain, plainKindOf } from '../run/plain-leaf.ts';

type Values = Readonly<Record<string, unknown>>;

/** The source of an argument's value. */
type ArgumentSource =
  | { readonly name: string; readonly value: unknown }
  | { readonly name: string; readonly variable: string; readonly isRequired: boolean };

/**
 * Returns a function that coerces a field's arguments as graphql-js does. Immutable constants of the document
 * are coerced once; objects, lists and custom scalars are left to graphql-js, each time.
 */
export function argumentReader(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): (variables: Values) => Record<string, unknown> {
  const byGraphqlJs = (variables: Values) => getArgumentValues(definition, node, variables);
  const sources = argumentSourcesOf(definition, node);
  if (sources === null) return byGraphqlJs;
  return (variables) => {
    const args: Record<string, unknown> = {};
    for (const source of sources) {
      if ('variable' in source) {
        const value = Object.hasOwn(variables, source.variable) ? variables[source.variable] : undefined;
        if (value === undefined || (value === null && source.isRequired)) return byGraphqlJs(variables);
        args[source.name] = value;
      } else {
        args[source.name] = source.value;
      }
    }
    return args;
  };
}

/**
 * Returns a function that coerces an operation's variables as graphql-js does; its result is undefined for
 * invalid variables. Most variables are strings, numbers and the like, which need no coercion.
 */
export function variableReader(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
): (given: Values) => Values | undefined {
  const checks = definitions.map(({ variable, type, defaultValue }) => {
    const named = typeFromAST(schema, type);
    const kind = plainKindOf(isNonNullType(named) ? named.ofType : named);
    const mayBeAbsent = type.kind !== Kind.NON_NULL_TYPE && defaultValue === undefined;
    return { name: variable.name.value, kind, mayBeAbsent };
  });
  return (given) => {
    const variables: Record<string, unknown> = {};
    for (const { kind, mayBeAbsent, name } of checks) {
      if (!Object.hasOwn(given, name) && mayBeAbsent) continue;
      const value = given[name];
      if (!isPlain(kind, value))
        return getVariableValues(schema, definitions, given, { maxErrors: 1 }).coerced;
      variables[name] = value;
    }
    return variables;
  };
}

function argumentSourcesOf(
  { args }: GraphQLField<unknown, unknown>,
  node: FieldNode,
): ArgumentSource[] | null {
  const valueByName = new Map(node.arguments?.map(({ name, value }) => [name.value, value]));
  const sources: ArgumentSource[] = [];
  for (const { name, type, defaultValue } of args) {
    const given = valueByName.get(name);
    if (given === undefined && defaultValue === undefined && !isNonNullType(type)) continue;
    if (given?.kind === Kind.VARIABLE) {
      sources.push({ name, variable: given.name.value, isRequired: isNonNullType(type) });
      continue;
    }
    const value = given === undefined ? defaultValue : constantOf(given, type);
    if (value === undefined || (typeof value === 'object' && value !== null)) return null;
    sources.push({ name, value });
  }
  return sources;
}

/** Undefined for a value that contains variables, is invalid or belongs to a custom scalar. */
function constantOf(node: ValueNode, type: GraphQLInputType): unknown {
  const named = getNamedType(type);
  return isSpecifiedScalarType(named) || isEnumType(named) ? valueFromAST(node, type) : undefined;
}
