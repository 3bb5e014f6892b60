import { makeExecutableSchema } from '@graphql-tools/schema';
import {
  defaultFieldResolver,
  GraphQLSchema,
  isInterfaceType,
  isObjectType,
  type GraphQLField,
  type GraphQLNamedType,
} from 'graphql';
import { authorize, type Rule } from './access.ts';
import { auditRefusals } from './audit-refusals.ts';
import { fetchOf } from './batched.ts';
import type { RequestContext } from './context.ts';
import { domains } from './domains.ts';
import { typeDefinitions } from './generated/type-definitions.ts';
import { mergeAccess, mergeCosts, mergeResolvers } from './merge-domains.ts';

/**
 * The API: types, resolvers, access rules, and the mark `extensions.batched` on the fields that fetch for
 * many.
 */
export function createSchema(): GraphQLSchema {
  const resolvers = mergeResolvers();
  const access = mergeAccess();
  const schema = makeExecutableSchema<RequestContext>({ typeDefs: typeDefinitions, resolvers });
  guard(fieldsOf(schema, 'Query'), access.Query);
  guard(fieldsOf(schema, 'Mutation'), access.Mutation);
  guardStreams(fieldsOf(schema, 'Subscription'), access.Subscription);
  auditRefusals(fieldsOf(schema, 'Mutation'), access.Mutation);
  for (const [typeName, typeResolvers] of Object.entries(resolvers)) mark(schema, typeName, typeResolvers);
  price(schema);
  requireFinders(schema);
  return rootsFirst(schema);
}

/** Orders the types as explorers list them: the roots and Node, then the others by name. */
function rootsFirst(schema: GraphQLSchema): GraphQLSchema {
  const config = schema.toConfig();
  const first = ['Query', 'Mutation', 'Subscription', 'Node'];
  const rank = ({ name }: GraphQLNamedType) => (first.includes(name) ? first.indexOf(name) : first.length);
  const types = config.types.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  return new GraphQLSchema({ ...config, types });
}

/**
 * Denies by default: a root field without a rule, which the compiler rejects anyway, keeps the server from
 * starting.
 */
function guard(
  fields: readonly GraphQLField<unknown, RequestContext>[],
  rules: Readonly<Record<string, Rule>>,
): void {
  for (const field of fields) {
    const rule = rules[field.name];
    if (rule === undefined) throw new Error(`The root field ${field.name} has no access rule.`);
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (parent, args, context, info) => {
      authorize(context.caller, rule);
      return resolve(parent, args, context, info);
    };
    if (rule.isPublic === true) field.extensions = { ...field.extensions, isPublic: true };
    if (rule.ignoresCredential === true) field.extensions = { ...field.extensions, ignoresCredential: true };
  }
}

/** As `guard`, before a stream is opened. */
function guardStreams(
  fields: readonly GraphQLField<unknown, RequestContext>[],
  rules: Readonly<Record<string, Rule>>,
): void {
  for (const field of fields) {
    const { subscribe } = field;
    const rule = rules[field.name];
    if (rule === undefined || subscribe === undefined)
      throw new Error(`The subscription ${field.name} has no access rule or opens no stream.`);
    field.subscribe = (parent, args, context, info) => {
      authorize(context.caller, rule);
      return subscribe(parent, args, context, info);
    };
  }
}

/**
 * Marks in `extensions`, because building a schema may wrap a resolver, which would lose a property of the
 * function.
 */
function mark(schema: GraphQLSchema, typeName: string, typeResolvers: object): void {
  for (const field of fieldsOf(schema, typeName)) {
    const resolver = new Map<string, unknown>(Object.entries(typeResolvers)).get(field.name);
    // All connections have the same resolvers.
    const owner = typeName.endsWith('Connection') ? 'Connection' : typeName;
    const fetch = fetchOf(resolver, `${owner}.${field.name}`);
    if (fetch !== null) field.extensions = { ...field.extensions, batched: fetch };
  }
}

/**
 * Rejects costs of fields that do not exist, so that no later field of that name inherits a forgotten cost.
 */
function price(schema: GraphQLSchema): void {
  for (const [typeName, costs] of Object.entries(mergeCosts())) {
    for (const [fieldName, cost] of Object.entries(costs)) {
      const field = fieldsOf(schema, typeName).find(({ name }) => name === fieldName);
      if (field === undefined)
        throw new Error(`There is no ${typeName}.${fieldName} that could cost anything.`);
      field.extensions = { ...field.extensions, cost };
    }
  }
}

/** A type that implements Node and that `node` cannot find keeps the server from starting. */
function requireFinders(schema: GraphQLSchema): void {
  const found = Object.values(domains).flatMap(({ node = [] }) => node);
  const node = schema.getType('Node');
  for (const { name } of isInterfaceType(node) ? schema.getPossibleTypes(node) : []) {
    if (found.every(({ type }) => type !== name))
      throw new Error(`No domain finds the nodes of type ${name}.`);
  }
}

function fieldsOf(schema: GraphQLSchema, typeName: string): GraphQLField<unknown, RequestContext>[] {
  const type = schema.getType(typeName);
  return isObjectType(type) ? Object.values(type.getFields()) : [];
}
