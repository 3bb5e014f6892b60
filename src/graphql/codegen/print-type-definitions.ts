import { lexicographicSortSchema, printSchema, type GraphQLSchema } from 'graphql';

/**
 * A plugin of graphql-codegen: the assembled SDL as a TypeScript module, so that the built server needs no
 * .graphql files. Sorted, so that moving a type between files changes nothing.
 */
export function plugin(schema: GraphQLSchema): string {
  return `export const typeDefinitions = ${JSON.stringify(printSchema(lexicographicSortSchema(schema)))};\n`;
}
