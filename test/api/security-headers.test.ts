import helmet from '@fastify/helmet';
import fastify from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/test-app.ts';

let testApp: TestApp;

beforeAll(async () => {
  testApp = await startTestApp();
});
afterAll(() => testApp.close());

it.each(['/graphql', '/livez', '/nowhere'])(
  'what helmet protects a page with protects the answers of %s',
  async (url) => {
    const sample = fastify();
    await sample.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
    });
    const { headers: expected } = await sample.inject({ method: 'GET', url: '/' });
    const { headers } = await testApp.server.inject({ method: 'GET', url });
    const ofHelmet = Object.entries(expected).filter(
      ([name]) => !['connection', 'content-length', 'content-type', 'date'].includes(name),
    );

    expect(ofHelmet.length).toBeGreaterThan(10);
    expect(headers).toMatchObject(Object.fromEntries(ofHelmet));
    await sample.close();
  },
);
