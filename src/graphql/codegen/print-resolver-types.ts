import { plugin as printResolverTypes } from '@graphql-codegen/typescript-resolvers';
import { readDomainSdl, rowMappers } from './domain-sdl.ts';

/**
 * The plugin typescript-resolvers of graphql-codegen, with a mapper for each type that names its row by
 * `@row`.
 */
export const plugin: typeof printResolverTypes = (schema, documents, config) =>
  printResolverTypes(schema, documents, {
    ...config,
    mappers: { ...config.mappers, ...rowMappers(readDomainSdl()) },
  });
