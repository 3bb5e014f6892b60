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

/** The part of a context that the server reads; a plain object, because Apollo Server copies it. */
export interface OperationScope {
  readonly requestId: string;
}

/**
 * Creates an Apollo Server for `executeOperation` alone. HTTP is handled by `graphql-route.ts`, so that every
 * check precedes execution and every error has the same form.
 */
export function createApollo<Context extends OperationScope>(options: {
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly config: { readonly isProduction: boolean; readonly http: HttpConfig };
  readonly formatError: FormatError;
  /** Runs operations that were validated. */
  readonly runner: OperationRunner<Context>;
  /** The plugin of Apollo Sandbox; null where there is no explorer. */
  readonly sandbox: ApolloServerPlugin | null;
}): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema: options.schema,
    logger: options.logger,
    nodeEnv: options.config.isProduction ? 'production' : 'development',
    introspection: options.config.http.isIntrospectionEnabled,
    hideSchemaDetailsFromClientErrors: !options.config.http.isIntrospectionEnabled,
    includeStacktraceInErrorResponses: false,
    // The trusted documents and `PersistedQueries` have resolved the hash before.
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
      // An environment variable would enable these three, which report our users' operations to Apollo.
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      options.sandbox ?? ApolloServerPluginLandingPageDisabled(),
    ],
  });
}

/** Rejects subscriptions, which Apollo Server would run like queries and answer with null. */
function refuseSubscriptions<Context extends OperationScope>(): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      async didResolveOperation({ operation }): Promise<void> {
        if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
          throw new BadUserInput(
            'A subscription needs a transport that streams: a WebSocket with the subprotocol graphql-transport-ws, or a POST whose header `accept` is text/event-stream or multipart/mixed;subscriptionSpec=1.0.',
          );
        }
      },
    }),
  };
}

/**
 * Formats errors in a plugin, because Apollo Server's `formatError` does not receive the request of an error.
 */
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
