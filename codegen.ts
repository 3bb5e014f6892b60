import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodegenConfig } from '@graphql-codegen/cli';
import { concatAST, parse, print } from 'graphql';
import { expandDirectives } from './src/graphql/expand-directives.ts';

const domains = 'src/domains';
const generated = 'src/graphql/generated';

/** The SDL of the API: the shared part and that of each domain, with `@connection` and `@payload` expanded. */
function assembleApi(): string {
  const files = [
    'src/graphql/schema.graphql',
    ...readdirSync(domains).map((domain) => join(domains, domain, 'schema.graphql')),
  ].filter((file) => existsSync(file));
  return print(expandDirectives(concatAST(files.map((file) => parse(readFileSync(file, 'utf8'))))));
}

const config: CodegenConfig = {
  schema: assembleApi(),
  generates: {
    [`${generated}/api.graphql`]: {
      plugins: ['schema-ast'],
      config: { includeDirectives: true },
    },
    [`${generated}/type-definitions.ts`]: {
      plugins: ['./src/graphql/print-type-definitions.mjs'],
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
          Tenant: '../../domains/tenant/model.ts#Tenant as TenantRow',
          Membership: '../../domains/tenant/model.ts#Membership as MembershipRow',
          User: '../../domains/user/model.ts#User as UserRow',
          Profile: '../../domains/user/model.ts#Profile as ProfileRow',
          Identity: '../../domains/user/model.ts#Identity as IdentityRow',
          Session: '../../domains/session/model.ts#Session as SessionRow',
          ApiKey: '../../domains/api-key/model.ts#ApiKey as ApiKeyRow',
          Conversation: '../../domains/conversation/model.ts#ReadConversation as ConversationRow',
          Message: '../../domains/message/model.ts#ReadMessage as MessageRow',
          Model: '../../domains/model/model.ts#Model as ModelRow',
          Settings: '../../domains/setting/model.ts#Settings as SettingsRow',
          Operations: '../../domains/statistics/model.ts#Operations as OperationsRow',
          DatabaseLoad: '../../domains/operations/model.ts#DatabaseLoad as DatabaseLoadRow',
          UserConnection: '../connection-rows.ts#UserPage',
          ConversationConnection: '../connection-rows.ts#ConversationPage',
          MessageConnection: '../connection-rows.ts#MessagePage',
          SessionConnection: '../connection-rows.ts#SessionPage',
          ApiKeyConnection: '../connection-rows.ts#ApiKeyPage',
          MembershipConnection: '../connection-rows.ts#MembershipPage',
        },
      },
    },
  },
};

export default config;
