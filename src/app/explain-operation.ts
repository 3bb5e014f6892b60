import {
  execute,
  getOperationAST,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { createUnrememberingCaches, type CachesOptions } from './create-caches.ts';
import type { ExplainOperation, Services } from '../graphql/context.ts';
import { Cancellation } from '../platform/runtime/cancellation.ts';
import { createColumnCatalog } from '../platform/postgres/column-catalog.ts';
import type { Database } from '../platform/postgres/database.ts';
import { explainStatements } from '../platform/postgres/explain-statements.ts';
import { BadUserInput } from '../platform/errors.ts';
import { createQueries } from './repositories.ts';
import { readDocument } from '../server/documents/read-document.ts';
import { admit } from '../server/limits/admission.ts';
import { createContextFactory } from './request-context.ts';

/**
 * Explains the statements that a query would send without caches: runs the query with the same limits and the
 * rights of the caller, in a read-only transaction.
 */
export function createExplainOperation(
  options: CachesOptions & { readonly schema: GraphQLSchema; readonly services: Services },
): ExplainOperation {
  const { config, database, schema } = options;
  const limits = config.http.queryLimits;

  function read(text: string, variables: Readonly<Record<string, unknown>>): DocumentNode {
    const known = readDocument(text, { schema, limits, isFamiliar: false });
    const operation = known?.operation(undefined);
    if (operation !== undefined) admit(operation, variables, limits);
    const document = known?.ast ?? parsed(text);
    const kind = getOperationAST(document)?.operation;
    if (kind !== 'query') throw new BadUserInput('`operation` must be one query; nothing else is explained.');
    const rules = config.http.isIntrospectionEnabled
      ? specifiedRules
      : [...specifiedRules, NoSchemaIntrospectionCustomRule];
    const [fault] = validate(schema, document, rules);
    if (fault !== undefined) throw new BadUserInput(`\`operation\` is not valid: ${fault.message}`);
    return document;
  }

  return async ({ viewer, requestId, device, rateLimit }, text, variables) => {
    const document = read(text, variables);
    return explainStatements(database, async (transaction) => {
      const createContext = contextFactoryOn(transaction, options);
      const cancellation = new Cancellation();
      const contextValue = createContext(viewer, { requestId, device, cancellation, rateLimit, trace: null });
      const { errors } = await execute({ schema, document, variableValues: variables, contextValue });
      const [error] = errors ?? [];
      if (error !== undefined) throw error.originalError ?? new BadUserInput(error.message);
    });
  };
}

function parsed(text: string): DocumentNode {
  try {
    return parse(text, { noLocation: true });
  } catch (error) {
    if (error instanceof GraphQLError) throw new BadUserInput(`\`operation\` is not valid: ${error.message}`);
    throw error;
  }
}

function contextFactoryOn(
  transaction: Database,
  options: CachesOptions & { readonly services: Services },
): ReturnType<typeof createContextFactory> {
  const caches = createUnrememberingCaches(options);
  return createContextFactory({
    caches,
    columnCatalog: createColumnCatalog(transaction, caches.schema),
    clock: options.clock,
    queries: createQueries(transaction),
    database: transaction,
    services: options.services,
    async explain() {
      throw new BadUserInput('An explained operation must not select `explain`.');
    },
  });
}
