import { expect, it } from 'vitest';
import { createChatTenant, measureChat } from '../support/chat-workload.ts';
import { startTestApp } from '../support/test-app.ts';

/** Ten people, who send twenty requests each, one after the other. */
async function measure(isCacheEnabled: boolean) {
  // One executor is set, because the tests would otherwise run each query by both, and count both.
  const testApp = await startTestApp({ CACHE_ENABLED: String(isCacheEnabled), EXECUTOR: 'level' });
  try {
    const tenant = await createChatTenant(testApp, 10);
    const ask = async (query: string, token: string) => JSON.stringify(await testApp.ask(query, { token }));
    return await measureChat(testApp, tenant, { atOnce: 1, ask });
  } finally {
    await testApp.close();
  }
}

it('statements: 200 requests of a chat product read no cached object twice', async () => {
  expect(await measure(true)).toEqual({
    // Each user's session and profile, the settings, the models, and what one changed profile invalidated.
    cached: { requests: 110, failed: 0, statements: 10 + 10 + 1 + 1 + 1 },
    // The 30 lists and, in two steps, the 40 pages themselves; the viewer and the authors are cached.
    pages: { requests: 70, failed: 0, statements: 30 + 40 * 2 },
    changes: { requests: 20, failed: 0, statements: 19 + 5 },
  });
});

it('statements: without caches every request reads everything', async () => {
  expect(await measure(false)).toEqual({
    cached: { requests: 110, failed: 0, statements: 300 },
    pages: { requests: 70, failed: 0, statements: 220 },
    changes: { requests: 20, failed: 0, statements: 19 * 3 + 6 },
  });
});
