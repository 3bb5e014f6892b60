import { expect, vi } from 'vitest';
import { Generations } from '../../src/caching/shared/generations.ts';
import { RedisStore } from '../../src/caching/redis/redis-store.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import type { CleanUps } from './embedded.ts';

/**
 * What a process has of a Redis that it shares with others; `coherence` and `errors` are the test's to play
 * with.
 */
export interface SharedLayer {
  readonly store: RedisStore;
  readonly generations: Generations;
  readonly coherence: { epoch: string | null };
  readonly errors: unknown[];
}

/** Starts the shared layer of one process, which is still connecting. */
export function startSharing(
  cleanUps: CleanUps,
  url: string,
  options: { readonly namespace?: string; readonly timeoutMs?: number; readonly pendingMax?: number } = {},
): SharedLayer {
  const { namespace = 'test', timeoutMs = 1000, ...others } = options;
  const store = new RedisStore({
    urls: url.split(','),
    timeoutMs,
    logger: createLogger({ level: 'silent' }),
  });
  const coherence: SharedLayer['coherence'] = { epoch: '1' };
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const generations = new Generations({ ...others, store, namespace, coherence, onError });
  store.start();
  cleanUps.add(async () => {
    generations.stop();
    await store.stop();
  });
  return { store, generations, coherence, errors };
}

/** As `startSharing`, connected. */
export async function share(...args: Parameters<typeof startSharing>): Promise<SharedLayer> {
  const layer = startSharing(...args);
  await untilUsed(layer);
  return layer;
}

export async function untilUsed({ store }: Pick<SharedLayer, 'store'>): Promise<void> {
  await vi.waitFor(() => expect(store.session).not.toBeNull(), { timeout: 10_000, interval: 5 });
}

export async function untilUnused({ store }: Pick<SharedLayer, 'store'>): Promise<void> {
  await vi.waitFor(() => expect(store.session).toBeNull(), { timeout: 10_000, interval: 5 });
}
