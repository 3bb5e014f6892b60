import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/app/config/config.ts';
import { createOriginCheck, localOrigins } from '../../src/server/allowed-origins.ts';
import { aTenant, aUser, type TestUser } from '../support/builders.ts';
import { browserPath, openBrowser } from '../support/browser.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const app = 'https://app.example.com';

let testApp: TestApp;
let person: TestUser;
let page: Server;
let pageOrigin: string;
let origin: string;
beforeAll(async () => {
  page = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));
  page.listen(0, '127.0.0.1');
  await once(page, 'listening');
  const address = page.address();
  pageOrigin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  testApp = await startTestApp({ CORS_ORIGINS: `${app}, https://*.preview.example.com,${pageOrigin}` });
  person = await aUser(testApp, await aTenant(testApp));
  origin = await testApp.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  page.close();
  await testApp.close();
});

const preflight = (from: string, url = '/graphql') =>
  testApp.server.inject({
    method: 'OPTIONS',
    url,
    headers: {
      origin: from,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-tenant',
    },
  });

const post = (headers: Record<string, string>) =>
  testApp.server.inject({
    method: 'POST',
    url: '/graphql',
    headers,
    payload: { query: '{ viewer { id } }' },
  });

const corsHeadersOf = ({ headers }: { headers: Record<string, unknown> }) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name === 'vary' || name.startsWith('access-control-')),
  );

describe('a preflight', () => {
  it('of an allowed origin is answered with 204 and all that the browser asks for', async () => {
    const response = await preflight(app);

    expect(response.statusCode).toBe(204);
    expect(corsHeadersOf(response)).toEqual({
      'access-control-allow-origin': app,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization,content-type,x-tenant',
      'access-control-max-age': '7200',
      'access-control-expose-headers': expect.stringContaining('x-request-id, retry-after, server-timing'),
      vary: 'origin, access-control-request-headers',
    });
  });

  it.each(['https://evil.example.com', 'null', `${app}.evil.com`, 'http://app.example.com'])(
    'of another origin allows nothing: %s',
    async (from) => {
      const response = await preflight(from);

      expect(response.statusCode).toBe(204);
      expect(corsHeadersOf(response)).toEqual({ vary: 'origin' });
    },
  );

  it('of an unknown URL is answered with 404', async () => {
    expect((await preflight(app, '/nowhere')).statusCode).toBe(404);
  });

  it('is what only a browser sends: another OPTIONS is answered with 405', async () => {
    const response = await testApp.server.inject({
      method: 'OPTIONS',
      url: '/graphql',
      headers: { origin: app },
    });

    expect(response.statusCode).toBe(405);
  });
});

describe('a response', () => {
  it('to an allowed origin can be read by its scripts, without cookies', async () => {
    expect(corsHeadersOf(await post({ origin: app }))).toEqual({
      'access-control-allow-origin': app,
      'access-control-expose-headers': expect.any(String),
      vary: 'origin',
    });
  });

  it('that is an error can be read, too', async () => {
    const response = await post({ origin: app, authorization: 'Bearer wrong' });

    expect(response.statusCode).toBe(401);
    expect(response.headers['access-control-allow-origin']).toBe(app);
  });

  it('to another origin, and to a client without an origin, has no header of CORS', async () => {
    expect(corsHeadersOf(await post({ origin: 'https://evil.example.com' }))).toEqual({ vary: 'origin' });
    expect(corsHeadersOf(await post({}))).toEqual({});
  });
});

describe('an origin pattern', () => {
  it.each([
    ['https://*.preview.example.com', 'https://pr-1.preview.example.com', true],
    ['https://*.preview.example.com', 'https://a.b.preview.example.com', true],
    ['https://*.preview.example.com', 'https://preview.example.com', false],
    ['https://*.preview.example.com', 'https://evilpreview.example.com', false],
    ['https://*.preview.example.com', 'https://x.preview.example.com.evil.com', false],
    ['https://*.preview.example.com', 'https://x.preview-example.com', false],
    ['https://*.preview.example.com', 'https://x.preview.example.com:8443', false],
    ['https://*.preview.example.com', 'http://x.preview.example.com', false],
    ['http://localhost:*', 'http://localhost:5173', true],
    ['http://localhost:*', 'http://localhost', true],
    ['http://localhost:*', 'http://localhost.evil.com', false],
    ['http://localhost:*', 'http://localhost:1@evil.com', false],
    ['capacitor://localhost', 'capacitor://localhost', true],
  ])('%s, origin %s: %s', (pattern, from, isAllowed) => {
    expect(createOriginCheck([pattern])(from)).toBe(isAllowed);
  });

  it.each([
    '*',
    'app.example.com',
    'https://app.example.com/',
    'https://App.example.com',
    'https://*',
    'null',
  ])('that no browser would send is refused at the start: %s', (pattern) => {
    expect(() => readConfig({ CORS_ORIGINS: pattern })).toThrow(/CORS_ORIGINS/);
  });

  it('is by default this machine, in production none', () => {
    const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://unused' };

    expect(readConfig({}).http.allowedOrigins).toEqual(localOrigins);
    expect(readConfig(production).http.allowedOrigins).toEqual([]);
  });
});

// A machine with nothing but Node can run every other test.
describe.skipIf(browserPath === null && process.env['CI'] !== 'true')(
  'a page of another origin in Chromium',
  { timeout: 60_000 },
  () => {
    let browser: Awaited<ReturnType<typeof openBrowser>>;
    beforeAll(async () => {
      browser = await openBrowser();
      await browser.page.goto(pageOrigin);
    });
    afterAll(() => browser.close());

    /** The example of docs/identity.md, as written but for the server's address. */
    function example(server: string): string {
      const text = readFileSync(join(import.meta.dirname, '../../docs/identity.md'), 'utf8');
      const [, script = ''] =
        /```js\n(const response = await fetch\([^`]*(?:`[^`\n]*`[^`]*)*?)```/.exec(text) ?? [];
      return `(async () => {
        const session = { getToken: async () => '${person.token}' };
        ${script.replace('https://parley.example.com', server)}
        return { body: await response.json(), requestId: response.headers.get('x-request-id') };
      })()`;
    }

    it('runs the request of docs/identity.md, and reads the request ID', async () => {
      expect(await browser.page.evaluate(example(origin))).toEqual({
        body: { data: { viewer: { displayName: 'Test Person', memberships: [expect.anything()] } } },
        requestId: expect.any(String),
      });
    });

    it('is refused where its origin is not allowed', async () => {
      const closed = await startTestApp({ CORS_ORIGINS: app });
      const other = await closed.server.listen({ host: '127.0.0.1', port: 0 });
      const attempt = browser.page.evaluate(example(other));

      await expect(attempt).rejects.toThrow(/Failed to fetch/);
      await closed.close();
    });
  },
);
