import { describe, expect, it, vi } from 'vitest';
import { startTestApp } from '../../support/test-app.ts';

describe('readiness', () => {
  it('is 200 while every part responds', async () => {
    const testApp = await startTestApp();
    const patience = { timeout: 10_000 };
    await vi.waitFor(async () => {
      const response = await testApp.server.inject('/readyz');
      expect(response.json()).toEqual({
        ready: true,
        components: ['database', 'schema', 'caches'].map((name) => ({
          name,
          status: 'HEALTHY',
          message: null,
        })),
      });
    }, patience);
    await testApp.close();
  });

  it('stays 200 without Redis', async () => {
    const testApp = await startTestApp({ REDIS_URL: 'redis://127.0.0.1:1' });
    const response = await testApp.server.inject('/readyz');
    await testApp.close();

    expect(response.statusCode).toBe(200);
    expect(response.json().components[2]).toMatchObject({ name: 'caches', status: 'DEGRADED' });
    expect(response.json().components[2].message).toContain('Redis does not respond.');
  });
});
