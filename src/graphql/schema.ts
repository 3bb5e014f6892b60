import { makeExecutableSchema } from '@graphql-tools/schema';
import { defaultFieldResolver, isObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';
import { access, authorize, type Rule } from './access.ts';
import { auditRefusals } from './audit-refusals.ts';
import { fetchOf } from './batched.ts';
import type { RequestContext } from './context.ts';
import { fieldCosts } from './field-costs.ts';
import { typeDefinitions } from './generated/type-definitions.ts';
import { resolvers } from './resolvers.ts';

/** The API: types, resolvers, who may ask what, and the mark `extensions.batched` on the fields that fetch for many. */
export function createSchema(): GraphQLSchema {
  const schema = makeExecutableSchema<RequestContext>({ typeDefs: typeDefinitions, resolvers });
  guard(fieldsOf(schema, 'Query'), access.Query);
  guard(fieldsOf(schema, 'Mutation'), access.Mutation);
  auditRefusals(fieldsOf(schema, 'Mutation'));
  for (const [typeName, typeResolvers] of Object.entries(resolvers)) mark(schema, typeName, typeResolvers);
  price(schema);
  return schema;
}

/** Deny by default: a root field without a rule, which the compiler refuses anyway, keeps the server from starting. */
function guard(
  fields: readonly GraphQLField<unknown, RequestContext>[],
  rules: Readonly<Record<string, Rule>>,
): void {
  for (const field of fields) {
    const rule = rules[field.name];
    if (rule === undefined) throw new Error(`graphql/access.ts does not say who may ask ${field.name}.`);
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (parent, args, context, info) => {
      authorize(context.caller, rule);
      return resolve(parent, args, context, info);
    };
  }
}

/** Building a schema may wrap or bind a resolver, which would lose a property of the function: hence the extensions. */
function mark(schema: GraphQLSchema, typeName: string, typeResolvers: object): void {
  for (const field of fieldsOf(schema, typeName)) {
    const resolver = new Map<string, unknown>(Object.entries(typeResolvers)).get(field.name);
    // All connections have the same resolvers.
    const owner = typeName.endsWith('Connection') ? 'Connection' : typeName;
    const fetch = fetchOf(resolver, `${owner}.${field.name}`);
    if (fetch !== null) field.extensions = { ...field.extensions, batched: fetch };
  }
}

/** A field that is gone must not leave its price behind, for another of that name to find. */
function price(schema: GraphQLSchema): void {
  for (const [typeName, costs] of Object.entries(fieldCosts)) {
    for (const [fieldName, cost] of Object.entries(costs)) {
      const field = fieldsOf(schema, typeName).find(({ name }) => name === fieldName);
      if (field === undefined)
        throw new Error(`There is no ${typeName}.${fieldName} that could cost anything.`);
      field.extensions = { ...field.extensions, cost };
    }
  }
}

function fieldsOf(schema: GraphQLSchema, typeName: string): GraphQLField<unknown, RequestContext>[] {
  const type = schema.getType(typeName);
  return isObjectType(type) ? Object.values(type.getFields()) : [];
}
