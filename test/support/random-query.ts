import {
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { Random } from './seeded-random.ts';

/** The values from which random arguments are chosen. */
export interface RandomQueryOptions {
  readonly schema: GraphQLSchema;
  readonly random: Random;
  /** Ids of things that are there; others are made up. */
  readonly ids: readonly string[];
}

/** A valid query on random fields with random arguments, whether or not they make sense. */
export function randomQuery({ schema, random, ids }: RandomQueryOptions): string {
  const root = schema.getQueryType();
  if (root === null || root === undefined) throw new Error('This schema has no queries.');
  const isOneOf = (chance: number) => random.fraction() < chance;

  function selectionOf(type: GraphQLObjectType, depth: number): string {
    const fields = Object.values(type.getFields()).filter(
      (field) => depth > 0 || isLeafType(getNamedType(field.type)),
    );
    if (fields.length === 0) return '{ __typename }';
    const chosen = Array.from({ length: 1 + random.below(4) }, () => random.pick(fields));
    // The same field twice would have to have the same arguments.
    const texts = [...new Set(chosen)].map((field, index) => fieldText(field, `a${index}`, depth));
    return `{ ${isOneOf(0.1) ? '__typename ' : ''}${texts.join(' ')} }`;
  }

  function fieldText(field: GraphQLField<unknown, unknown>, alias: string, depth: number): string {
    const prefix = isOneOf(0.1) ? `${alias}: ` : '';
    const directive = isOneOf(0.05) ? ` @include(if: ${isOneOf(0.5)})` : '';
    return `${prefix}${field.name}${argumentsOf(field.args)}${directive}${nestedText(field, depth)}`;
  }

  function nestedText(field: GraphQLField<unknown, unknown>, depth: number): string {
    const type = getNamedType(field.type);
    if (isObjectType(type)) return ` ${selectionOf(type, depth - 1)}`;
    if (!isAbstractType(type)) return '';
    const possible = random.pick(schema.getPossibleTypes(type));
    return ` { __typename ... on ${possible.name} ${selectionOf(possible, depth - 1)} }`;
  }

  function argumentsOf(args: readonly GraphQLArgument[]): string {
    const given = args.flatMap((argument) => {
      if (!isRequired(argument) && isOneOf(0.6)) return [];
      return [`${argument.name}: ${valueOf(argument.type, argument.name)}`];
    });
    return given.length === 0 ? '' : `(${given.join(', ')})`;
  }

  function valueOf(type: GraphQLInputType, name: string): string {
    if (!isNonNullType(type) && isOneOf(0.1)) return 'null';
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      const items = Array.from({ length: random.below(4) }, () => valueOf(nullable.ofType, name));
      return `[${items.join(', ')}]`;
    }
    if (isEnumType(nullable)) return random.pick(nullable.getValues()).name;
    if (isInputObjectType(nullable)) return inputText(Object.values(nullable.getFields()));
    return scalarText(nullable.name, name);
  }

  function inputText(
    fields: readonly { name: string; type: GraphQLInputType; defaultValue?: unknown }[],
  ): string {
    const given = fields.filter((field) => isRequired(field) || isOneOf(0.4));
    return `{ ${given.map(({ name, type }) => `${name}: ${valueOf(type, name)}`).join(', ')} }`;
  }

  function scalarText(scalar: string, name: string): string {
    switch (scalar) {
      case 'Int':
        return String(name === 'first' || name === 'last' ? random.below(6) : random.below(40) - 2);
      case 'Float':
        return String(random.below(100) / 4);
      case 'Boolean':
        return String(isOneOf(0.5));
      case 'DateTime':
        return `"${new Date(random.below(2_000_000_000) * 1000).toISOString()}"`;
      case 'EmailAddress':
        return '"somebody@example.org"';
      case 'JSONObject':
        return '{ a: 1, b: ["x", null] }';
      case 'ID':
        return JSON.stringify(isOneOf(0.8) ? random.pick(ids) : random.pick(oddTexts));
      default:
        return JSON.stringify(random.pick(oddTexts));
    }
  }

  return selectionOf(root, 1 + random.below(6));
}

/** Texts that something could stumble over. */
const oddTexts = [
  '',
  'a',
  'hello',
  '%',
  "'; drop table users; --",
  '\u0000',
  '🙂'.repeat(5),
  'conv_00000000000000000000000000000000',
  'x'.repeat(300),
  '"quoted" -words or (',
  '../../etc/passwd',
] as const;

function isRequired({ type, defaultValue }: { type: GraphQLInputType; defaultValue?: unknown }): boolean {
  return isNonNullType(type) && defaultValue === undefined;
}
