import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginSession } from '../../src/cli/token.ts';
import { createDemoQueries } from '../../src/domains/demo/queries.ts';
import { createDemoService } from '../../src/domains/demo/service.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const examples = [...readme.matchAll(/```graphql\n([\s\S]*?)```\s+```json\n([\s\S]*?)\n?```/g)].map(
  ([, query = '', answer = '']) => ({ query, answer }),
);

describe('the README', () => {
  let testApp: TestApp;
  let token: string;

  beforeAll(async () => {
    testApp = await startTestApp();
    await createDemoService({ queries: createDemoQueries(testApp.database) }).seedIfUninhabited();
    token = await beginSession(testApp.app, { user: 'ada@acme.example', tenantSlug: null, device: 'a test' });
  }, 60_000);
  afterAll(() => testApp.close());

  it('has at least five queries with their answers', () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
    expect(readme.match(/```graphql/g)).toHaveLength(examples.length);
  });

  it.each(examples)('shows the response of the demo data to $query', async ({ query, answer }) => {
    expect(await testApp.ask(query, { token })).toEqual(JSON.parse(answer));
  });
});
