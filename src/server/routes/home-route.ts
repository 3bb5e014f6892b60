import type { FastifyInstance } from 'fastify';
import { readdir, readFile } from 'node:fs/promises';
import { UnknownUrl } from '../errors/http-errors.ts';
import { prefersPage } from '../graphql/graphql-request.ts';
import { logo } from './logo.ts';

const policy =
  "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const description = 'A GraphQL API server for multi-tenant chat products.';
const docsFolder = new URL('../../../docs/', import.meta.url);

/**
 * Registers `/`, which names the server and links to the explorers, the documentation and the health checks;
 * also the documentation at `/docs`, and the favicon.
 */
export function registerHome(
  server: FastifyInstance,
  { isExplorerEnabled }: { isExplorerEnabled: boolean },
): void {
  const links = linksOf(isExplorerEnabled);
  const page = renderPage(links);
  const json = { name: 'Parley', description, links };
  server.get('/', (request, reply) => {
    void reply.header('cache-control', 'no-store').header('vary', 'accept');
    if (!prefersPage(request.headers.accept)) return reply.send(json);
    return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page);
  });

  for (const url of ['/favicon.ico', '/favicon.svg']) {
    server.get(url, (_request, reply) =>
      reply.header('cache-control', 'public, max-age=86400').type('image/svg+xml').send(logo),
    );
  }

  server.get<{ Params: { name: string } }>('/docs/:name', async (request, reply) => {
    const { name } = request.params;
    // The folder's own list decides, so that no other file can be named.
    if (!name.endsWith('.md') || !(await namesOfDocs()).includes(name)) throw new UnknownUrl();
    const text = await readFile(new URL(name, docsFolder), 'utf8');
    return reply.header('cache-control', 'public, max-age=3600').type('text/plain; charset=utf-8').send(text);
  });
}

async function namesOfDocs(): Promise<readonly string[]> {
  try {
    return await readdir(docsFolder);
  } catch {
    // An installation may leave the documentation out.
    return [];
  }
}

function linksOf(isExplorerEnabled: boolean): Readonly<Record<string, string>> {
  const explorers = { explorer: '/explorer', sandbox: '/graphql' };
  return {
    graphql: '/graphql',
    ...(isExplorerEnabled && explorers),
    documentation: '/docs/api.md',
    liveness: '/livez',
    readiness: '/readyz',
  };
}

const titles: Readonly<Record<string, string>> = {
  explorer: 'Explorer (GraphiQL)',
  sandbox: 'Apollo Sandbox, which needs internet',
  documentation: 'Documentation of the API',
  liveness: 'Health: the process is alive',
  readiness: 'Health: the process can take requests',
};

function renderPage(links: Readonly<Record<string, string>>): string {
  const items = Object.entries(links).flatMap(([name, url]) => {
    const title = titles[name];
    return title === undefined ? [] : [`<li><a href="${url}">${title}</a></li>`];
  });
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Parley</title>
    <link rel="icon" href="/favicon.svg">
    <style>body { font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style>
  </head>
  <body>
    <h1>Parley</h1>
    <p>${description} Send operations by POST to <code>/graphql</code>.</p>
    <ul>${items.join('')}</ul>
  </body>
</html>
`;
}
