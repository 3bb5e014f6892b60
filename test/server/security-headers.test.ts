import helmet from '@fastify/helmet';
import fastify from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/test-app.ts';

let testApp: TestApp;

beforeAll(async () => {
  testApp = await startTestApp({ EXPLORER_ENABLED: 'true' });
});
afterAll(() => testApp.close());

/** What helmet protects a page with that may load nothing. */
async function headersOfHelmet(): Promise<readonly (readonly [string, unknown])[]> {
  const sample = fastify();
  await sample.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
  });
  const { headers } = await sample.inject({ method: 'GET', url: '/' });
  await sample.close();
  return Object.entries(headers).filter(
    ([name]) => !['connection', 'content-length', 'content-type', 'date'].includes(name),
  );
}

const onlyForDocuments = [
  'cross-origin-opener-policy',
  'origin-agent-cluster',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-permitted-cross-domain-policies',
  'x-xss-protection',
];

it.each(['/graphql', '/livez', '/nowhere'])(
  "security headers: JSON of %s has helmet's headers for any resource",
  async (url) => {
    const expected = (await headersOfHelmet()).filter(([name]) => !onlyForDocuments.includes(name));
    const { headers } = await testApp.server.inject({ method: 'GET', url });

    expect(expected.map(([name]) => name)).toEqual([
      'content-security-policy',
      'cross-origin-resource-policy',
      'referrer-policy',
      'strict-transport-security',
      'x-content-type-options',
      'x-frame-options',
    ]);
    expect(headers['content-type']).toContain('json');
    expect(headers).toMatchObject(Object.fromEntries(expected));
  },
);

it.each(['/graphql', '/explorer'])(
  "security headers: the page of %s has all of helmet's headers and its own policy",
  async (url) => {
    const expected = (await headersOfHelmet()).filter(([name]) => name !== 'content-security-policy');
    const { headers } = await testApp.server.inject({ method: 'GET', url, headers: { accept: 'text/html' } });

    expect(headers['content-type']).toContain('text/html');
    expect(headers['content-security-policy']).toMatch(/default-src|script-src/);
    expect(headers).toMatchObject(Object.fromEntries(expected));
  },
);
