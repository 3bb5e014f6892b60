import { buildASTSchema, type GraphQLSchema } from 'graphql';
import { assembleApi, readDomainSdl } from './domain-sdl.ts';

/**
 * A loader of graphql-codegen that returns the API of all domains, whichever files the configuration names.
 */
export default function loadApi(): GraphQLSchema {
  return buildASTSchema(assembleApi(readDomainSdl()));
}
