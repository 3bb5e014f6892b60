import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cleanUpWhileListening } from '../../../src/app/background/clean-up.ts';
import { readConfig } from '../../../src/app/config/config.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';

const hour = 3_600_000;
const logger = createLogger({ level: 'silent' });
const statistics = { cleanUp: vi.fn(async () => []) };
let server: FastifyInstance;

describe('an expired row', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    statistics.cleanUp.mockClear();
    server = Fastify();
  });
  afterEach(async () => {
    await server.close();
    vi.useRealTimers();
  });

  it('is removed periodically while the server listens, and not after it has closed', async () => {
    cleanUpWhileListening(server, { config: readConfig({}), logger, statistics });
    await vi.advanceTimersByTimeAsync(2 * hour);
    expect(statistics.cleanUp).not.toHaveBeenCalled();

    await server.listen({ port: 0, host: '127.0.0.1' });
    await vi.advanceTimersByTimeAsync(3 * hour);
    const times = statistics.cleanUp.mock.calls.length;
    expect(times).toBeGreaterThanOrEqual(2);

    await server.close();
    await vi.advanceTimersByTimeAsync(3 * hour);
    expect(statistics.cleanUp).toHaveBeenCalledTimes(times);
  });

  it('stays when clean-up is off', async () => {
    cleanUpWhileListening(server, { config: readConfig({ CLEANUP_ENABLED: 'false' }), logger, statistics });
    await server.listen({ port: 0, host: '127.0.0.1' });
    await vi.advanceTimersByTimeAsync(3 * hour);

    expect(statistics.cleanUp).not.toHaveBeenCalled();
  });
});
