import type { FastifyInstance } from 'fastify';
import { bearerHeaders, exampleOperation } from './example-operation.ts';
import { UnknownUrl } from '../errors/http-errors.ts';
import { logo } from './logo.ts';
import { isLoopback } from '../loopback.ts';

/**
 * The content security policy of the page, which loads only from our origin. Monaco writes style elements and
 * embeds its fonts and icons as data.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Asset {
  readonly type: string;
  readonly text: string;
}

/**
 * Registers GraphiQL at `/explorer`, from our own packages, so that it works without internet. GraphiQL opens
 * with the example operation and, on this machine and with demo data, a token for the operation.
 */
export function registerExplorer(server: FastifyInstance, token: string | null): void {
  const page = renderPage(token);
  const pageForStrangers = renderPage(null);
  server.get('/explorer', (request, reply) =>
    reply
      .header('content-security-policy', policy)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(isLoopback(request.hostname) && isLoopback(request.ip) ? page : pageForStrangers),
  );

  // Nine megabytes of text: only a process whose explorer is opened loads them, and only once.
  let assets: Promise<ReadonlyMap<string, Asset>> | undefined;
  server.get<{ Params: { name: string } }>('/explorer/:name', async (request, reply) => {
    assets ??= loadAssets();
    const asset = (await assets).get(request.params.name);
    if (asset === undefined) throw new UnknownUrl();
    return reply.header('cache-control', 'public, max-age=3600').type(asset.type).send(asset.text);
  });
}

async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const graphiql = await import('@graphql-yoga/render-graphiql/graphiql');
  const script = 'text/javascript; charset=utf-8';
  return new Map([
    ['start.js', { type: script, text: startScript }],
    ['graphiql.js', { type: script, text: graphiql.js }],
    ['graphiql.css', { type: 'text/css; charset=utf-8', text: graphiql.css }],
    ['worker-editorWorkerService.js', { type: script, text: graphiql.editorWorkerService }],
    ['worker-json.js', { type: script, text: graphiql.jsonWorker }],
    ['worker-graphql.js', { type: script, text: graphiql.graphqlWorker }],
  ]);
}

function renderPage(token: string | null): string {
  const options = {
    title: 'Parley',
    logo,
    endpoint: '/graphql',
    defaultQuery: exampleOperation,
    headers: JSON.stringify(bearerHeaders(token), null, 2),
    // No credential stays in the browser: the demo's may be another at the next visit, a person's own is
    // theirs to keep.
    shouldPersistHeaders: false,
  };
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Parley explorer</title>
    <link rel="icon" href="/favicon.svg">
    <link rel="stylesheet" href="/explorer/graphiql.css">
  </head>
  <body class="no-focus-outline">
    <noscript>The explorer needs JavaScript. Parley itself does not: POST your operations to /graphql.</noscript>
    <div id="root"></div>
    <script type="application/json" id="options">${JSON.stringify(options).replaceAll('<', '\\u003c')}</script>
    <script src="/explorer/graphiql.js" defer></script>
    <script src="/explorer/start.js" defer></script>
  </body>
</html>
`;
}

/**
 * The script that runs in the browser: the editor requests its workers by label, and GraphiQL would open
 * another tab at every visit unless the last operation is passed.
 */
const startScript = `
self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_moduleId, label) => '/explorer/worker-' + label + '.js',
};
const options = JSON.parse(document.getElementById('options').textContent);
const { tabs = [], activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState') ?? '{}');
const last = tabs[activeTabIndex];
const linked = new URL(location.href).searchParams.get('query');
if (last !== undefined && (linked === null || linked === last.query)) {
  options.initialQuery = last.query;
  options.initialVariables = last.variables;
}
YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), options);
`;
