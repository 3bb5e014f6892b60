import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql';
import type { Random } from './seeded-random.ts';

/**
 * An operation with everything that a document can have, and variables for it. It need not be valid: fields
 * can conflict.
 */
export interface RandomDocument {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The options of a random document. */
export interface RandomDocumentOptions {
  readonly schema: GraphQLSchema;
  readonly random: Random;
  readonly kind?: 'query' | 'mutation';
  readonly depthMax: number;
}

const fragmentsMax = 3;
const aliases = ['a', 'b', '__proto__', 'constructor', 'toJSON'] as const;

/** A document on random fields; arguments are of type Int, and called `n`. */
export function randomDocument(options: RandomDocumentOptions): RandomDocument {
  const { schema, random, kind = 'query', depthMax } = options;
  const fragments: string[] = [];
  const fragmentsByType = new Map<string, string[]>();
  const isOneOf = (chance: number) => random.fraction() < chance;

  function selectionOf(type: GraphQLCompositeType, depth: number): string {
    const count = 1 + random.below(4);
    const selections = Array.from({ length: count }, () => selection(type, depth));
    return `{ ${selections.join(' ')} }`;
  }

  function selection(type: GraphQLCompositeType, depth: number): string {
    if (isOneOf(0.08)) return `${aliased('__typename')}${directives()}`;
    if (isAbstractType(type) ? isOneOf(0.6) : isOneOf(0.15)) return fragmentOf(type, depth);
    const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
    const possible = fields.filter((field) => depth > 0 || !isCompositeType(getNamedType(field.type)));
    if (possible.length === 0) return '__typename';
    return fieldText(random.pick(possible), depth);
  }

  function fieldText(field: GraphQLField<unknown, unknown>, depth: number): string {
    const type = getNamedType(field.type);
    const args = field.args.length > 0 && isOneOf(0.6) ? `(n: ${argument()})` : '';
    const nested = isCompositeType(type) ? ` ${selectionOf(type, depth - 1)}` : '';
    // With arguments always under a name of its own, or most documents would conflict with themselves.
    const name =
      args === '' ? aliased(field.name) : `${field.name}${args.replaceAll(/\W/g, '_')}: ${field.name}`;
    return `${name}${args}${directives()}${nested}`;
  }

  function aliased(name: string): string {
    return isOneOf(0.1) ? `${random.pick(aliases)}${name === '__typename' ? 't' : ''}: ${name}` : name;
  }

  function argument(): string {
    return random.pick(['0', '1', '2', 'null', '$n', '$m']);
  }

  function directives(): string {
    if (!isOneOf(0.15)) return '';
    const condition = random.pick(['$yes', '$no', '$unset', 'true', 'false']);
    return ` @${random.pick(['skip', 'include'])}(if: ${condition})`;
  }

  function fragmentOf(type: GraphQLCompositeType, depth: number): string {
    const condition = random.pick(conditionsFor(type));
    if (!isOneOf(0.4)) {
      const on = isOneOf(0.2) ? '' : ` on ${condition.name}`;
      return `...${on}${directives()} ${selectionOf(on === '' ? type : condition, depth)}`;
    }
    const known = fragmentsByType.get(condition.name) ?? [];
    if (known.length > 0 && (fragments.length >= fragmentsMax || isOneOf(0.5))) {
      return `...${random.pick(known)}${directives()}`;
    }
    // Known only once it is complete: it must not contain itself.
    const text = selectionOf(condition, Math.min(depth, 1));
    const name = `F${fragments.length}`;
    fragments.push(`fragment ${name} on ${condition.name} ${text}`);
    fragmentsByType.set(condition.name, [...(fragmentsByType.get(condition.name) ?? []), name]);
    return `...${name}${directives()}`;
  }

  /** The type itself, what it may turn out to be, and what it is part of. */
  function conditionsFor(type: GraphQLCompositeType): readonly GraphQLCompositeType[] {
    if (isAbstractType(type)) return [type, ...schema.getPossibleTypes(type)];
    return [type, ...(isObjectType(type) ? type.getInterfaces() : [])];
  }

  const root = kind === 'query' ? schema.getQueryType() : schema.getMutationType();
  if (root === null || root === undefined) throw new Error(`This schema has no ${kind}.`);
  const operation = selectionOf(root, depthMax);
  const text = `${operation} ${fragments.join(' ')}`;
  return { query: `${kind} ${declarationsFor(text)}${text}`, variables: variablesFrom(random) };
}

/** Only what is used may be declared. */
function declarationsFor(text: string): string {
  const declarations = [
    '$n: Int = 2',
    '$m: Int',
    '$yes: Boolean! = true',
    '$no: Boolean!',
    '$unset: Boolean = false',
  ];
  const used = declarations.filter((declaration) => {
    const [name = ''] = declaration.split(':');
    return new RegExp(`\\${name}\\b`).test(text);
  });
  return used.length === 0 ? '' : `(${used.join(', ')}) `;
}

function variablesFrom(random: Random): Readonly<Record<string, unknown>> {
  return {
    no: random.fraction() < 0.5,
    ...(random.fraction() < 0.5 && { yes: random.fraction() < 0.5 }),
    ...(random.fraction() < 0.5 && { n: random.pick([null, 1, 3]) }),
    ...(random.fraction() < 0.5 && { m: random.pick([null, 1, 3]) }),
  };
}
