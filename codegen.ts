import type { CodegenConfig } from '@graphql-codegen/cli';
import { print } from 'graphql';
import {
  assembleApi,
  printDomainFields,
  readDomainSdl,
  rowMappers,
} from './src/graphql/codegen/domain-sdl.ts';

const domains = readDomainSdl();
const generated = 'src/graphql/generated';

const config: CodegenConfig = {
  schema: print(assembleApi(domains)),
  generates: {
    [`${generated}/api.graphql`]: {
      plugins: ['schema-ast'],
      config: { includeDirectives: true },
    },
    [`${generated}/type-definitions.ts`]: {
      plugins: ['./src/graphql/codegen/print-type-definitions.mjs'],
    },
    [`${generated}/domain-fields.ts`]: {
      plugins: ['./src/graphql/codegen/print-text.mjs'],
      config: { text: printDomainFields(domains) },
    },
    [`${generated}/resolver-types.ts`]: {
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        contextType: '../context.ts#RequestContext',
        rootValueType: 'unknown',
        useTypeImports: true,
        immutableTypes: true,
        enumsAsTypes: true,
        resolverTypeWrapperSignature: 'T',
        emitLegacyCommonJSImports: false,
        importExtension: '.ts',
        scalars: {
          ID: { input: 'string', output: 'string' },
          DateTime: { input: 'Date', output: 'Date' },
          EmailAddress: { input: 'string', output: 'string' },
          JSONObject: { input: 'Record<string, unknown>', output: 'Record<string, unknown>' },
        },
        mappers: {
          // The names are declared with the caches; a test compares them with the enum.
          CacheName: 'string',
          Node: '../node.ts#NodeRow',
          ...rowMappers(domains),
        },
      },
    },
  },
};

export default config;
