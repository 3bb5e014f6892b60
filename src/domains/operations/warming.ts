import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { CacheWarming, PeopleWarmer, Warmer } from './model.ts';

/** The maximum number of users whose data one call preloads. */
export const peopleMax = 10_000;

/** The number of users per statement: few statements, none of them slow. */
const batchSize = 500;

const trustPollMs = 20;

/** The users whose data to preload, besides shared data. */
export interface WarmingRequest {
  readonly userIds?: readonly string[];
  /** The number of most recently active users. */
  readonly recentlyActive?: number;
  /** Stops the work after the current batch. */
  readonly signal?: AbortSignal;
}

/** Preloading of the caches. */
export type Warming = ReturnType<typeof createWarming>;

/** Creates the functions that preload the caches, so that no request waits for their data. */
export function createWarming(options: {
  readonly warmers: readonly Warmer[];
  readonly peopleWarmers: readonly PeopleWarmer[];
  readonly findRecentlyActive: (limit: number) => Promise<readonly string[]>;
  /** True once the caches may store entries. */
  readonly isTrusted: () => boolean;
  readonly logger: Logger;
}) {
  const { warmers, peopleWarmers, findRecentlyActive, isTrusted, logger } = options;

  /** Loads missing entries, the most recently active users first, and returns the result of each cache. */
  async function warm({ userIds = [], recentlyActive = 0, signal }: WarmingRequest): Promise<CacheWarming[]> {
    const common = await Promise.all(
      warmers.map(async (warmer) => ({ cache: warmer.cache, loaded: await warmer.warm() })),
    );
    const active = recentlyActive === 0 ? [] : await findRecentlyActive(recentlyActive);
    const people = [...new Set([...userIds, ...active])].slice(0, peopleMax);
    return [...common, ...(await warmPeople(people, signal))];
  }

  async function warmPeople(people: readonly string[], signal?: AbortSignal): Promise<CacheWarming[]> {
    const loadedBy = new Map(peopleWarmers.map((warmer) => [warmer, 0]));
    for (let start = 0; start < people.length && signal?.aborted !== true; start += batchSize) {
      const batch = people.slice(start, start + batchSize);
      // Sequentially, because at start the first requests need connections too.
      for (const [warmer, loaded] of loadedBy) {
        const room = warmer.entriesMax - loaded;
        if (room > 0) loadedBy.set(warmer, loaded + (await warmer.warm(batch, room)));
      }
      logger.info({ done: start + batch.length, of: people.length }, 'caches are being warmed');
    }
    return Array.from(loadedBy, ([{ cache }, loaded]) => ({ cache, loaded }));
  }

  /** Waits until the process has joined the others: entries loaded before would be dropped. */
  async function warmOnceTrusted(request: WarmingRequest): Promise<CacheWarming[]> {
    while (!isTrusted() && request.signal?.aborted !== true) await wait(trustPollMs);
    return warm(request);
  }

  return {
    warm,

    /**
     * Calls `warm` at start; resolves after `patienceMs` at the latest, while the remaining work continues.
     * Never rejects, because a server can also serve with cold caches.
     */
    async warmWithin(patienceMs: number, request: WarmingRequest): Promise<void> {
      const patience = new AbortController();
      const finished = warmOnceTrusted(request).then(
        (caches) => logger.info({ caches }, 'the caches are warm'),
        (error: unknown) => logger.warn({ err: error }, 'the caches could not be warmed'),
      );
      const tooLong = wait(patienceMs, undefined, { signal: patience.signal }).then(
        () => logger.warn('warming the caches takes longer; requests are answered meanwhile'),
        // The work was in time, and the timer was aborted.
        () => undefined,
      );
      await Promise.race([finished, tooLong]);
      patience.abort();
    },
  };
}
