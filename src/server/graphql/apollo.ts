import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { OperationTypeNode, type GraphQLSchema } from 'graphql';
import { BadUserInput } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { OperationRunner } from './operation-runner.ts';
import type { FormatError } from '../errors/format-error.ts';
import type { HttpConfig } from '../http-config.ts';

/**
 * The part of a context that the server itself reads. Apollo Server copies the context, so it must be a plain
 * object.
 */
export interface OperationScope {
  readonly requestId: string;
}

/**
 * Apollo Server, for `executeOperation` alone: HTTP is spoken by `graphql-route.ts`, so that every
 * check comes before anything runs and every failure has the same form. Its errors are already formatted.
 */
export function createApollo<Context extends OperationScope>(options: {
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly config: { readonly isProduction: boolean; readonly http: HttpConfig };
  readonly formatError: FormatError;
  /** Runs operations that were validated. */
  readonly runner: OperationRunner<Context>;
  /** What shows Apollo Sandbox; null where there is no explorer. */
  readonly sandbox: ApolloServerPlugin | null;
}): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema: options.schema,
    logger: options.logger,
    nodeEnv: options.config.isProduction ? 'production' : 'development',
    introspection: options.config.http.isIntrospectionEnabled,
    hideSchemaDetailsFromClientErrors: !options.config.http.isIntrospectionEnabled,
    includeStacktraceInErrorResponses: false,
    // A cache of texts that any stranger can fill. What it saves is upload, which counts for little in front
    // of a chat.
    persistedQueries: false,
    // Documents are kept by the document cache, by what they take in memory.
    documentStore: null,
    stopOnTerminationSignals: false,
    plugins: [
      refuseSubscriptions(),
      options.runner.plugin,
      formatErrors(options.formatError, options.logger),
      // It instruments every field, for hints that this API does not give: without it requests are 1.2 to 1.6
      // times faster.
      ApolloServerPluginCacheControlDisabled(),
      // These three would be switched on by an environment variable, and tell Apollo about our users'
      // operations.
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      options.sandbox ?? ApolloServerPluginLandingPageDisabled(),
    ],
  });
}

/** A subscription Apollo Server would run as if it were a query, and answer null. */
function refuseSubscriptions<Context extends OperationScope>(): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      async didResolveOperation({ operation }): Promise<void> {
        if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
          throw new BadUserInput(
            'A subscription is not answered over plain HTTP, only queries and mutations are.',
          );
        }
      },
    }),
  };
}

/** Here and not in Apollo Server's `formatError`, which is not told which request an error belongs to. */
function formatErrors<Context extends OperationScope>(
  formatError: FormatError,
  logger: Logger,
): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      async willSendResponse({ response, errors, contextValue }): Promise<void> {
        // Those that Apollo Server found itself, or graphql-js for it.
        if (response.body.kind !== 'single' || errors === undefined) return;
        response.body.singleResult.errors = errors.map((error) => formatError(error, contextValue.requestId));
      },
    }),
    // Apollo Server throws another error in its place, without the stack.
    async unexpectedErrorProcessingRequest({ requestContext, error }): Promise<void> {
      logger.error(
        { err: error, requestId: requestContext.contextValue.requestId },
        'unhandled error in an operation',
      );
    },
  };
}
