import { HeaderMap, type ApolloServer, type ApolloServerPlugin, type BaseContext } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import { bearerHeaders, exampleOperation } from './example-operation.ts';

/**
 * The content security policy of Apollo Sandbox. The page's own meta element allows inline scripts and styles
 * only with a nonce, and a browser applies both policies, so `unsafe-inline` here allows nothing more.
 */
export const sandboxPolicy = [
  "default-src 'none'",
  "script-src 'unsafe-inline' https://embeddable-sandbox.cdn.apollographql.com https://apollo-server-landing-page.cdn.apollographql.com",
  "style-src 'unsafe-inline' https://apollo-server-landing-page.cdn.apollographql.com https://fonts.googleapis.com",
  'font-src https://fonts.gstatic.com',
  'img-src https://apollo-server-landing-page.cdn.apollographql.com',
  'manifest-src https://apollo-server-landing-page.cdn.apollographql.com',
  'frame-src https://sandbox.embed.apollographql.com',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Creates the plugin of Apollo Sandbox, opened with the example operation and, with demo data, a token for
 * it.
 */
export function createSandboxPlugin(token: string | null): ApolloServerPlugin {
  return ApolloServerPluginLandingPageLocalDefault({
    document: exampleOperation,
    headers: bearerHeaders(token),
    includeCookies: false,
    // Polling would request the whole schema every second, for as long as a tab is open.
    embed: { runTelemetry: false, initialState: { pollForSchemaUpdates: false } },
  });
}

/**
 * Renders Sandbox's page. Only its frame comes from our origin: without internet the page links to the other
 * explorer.
 */
export async function renderSandbox<Context extends BaseContext>(
  apollo: ApolloServer<Context>,
): Promise<string> {
  const { body } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method: 'GET',
      headers: new HeaderMap([['accept', 'text/html']]),
      search: '',
      body: undefined,
    },
    context: () => Promise.reject(new Error('The Sandbox page runs no operation.')),
  });
  if (body.kind !== 'complete') throw new Error('The Sandbox page came in parts.');
  return body.string.replace(
    'it appears that you might be offline.',
    'it appears that you might be offline. <a href="/explorer">The explorer</a> works without internet.',
  );
}

/** Returns the page for a client that must not see the token. */
export function withoutToken(page: string, token: string | null): string {
  return token === null ? page : page.replaceAll(token, 'YOUR_TOKEN');
}
