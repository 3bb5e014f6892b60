import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { CacheWarming, PeopleWarmer, Warmer } from './model.ts';

/** The most people whose data are warmed at once. */
export const peopleMax = 10_000;

/** The number of users per statement: few statements, none of them slow. */
const batchSize = 500;

const trustPollMs = 20;

/** Whose data to warm, besides what concerns everybody. */
export interface WarmingRequest {
  readonly userIds?: readonly string[];
  /** The number of most recently active users. */
  readonly recentlyActive?: number;
  /** Ends the work after the batch that is under way. */
  readonly signal?: AbortSignal;
}

export type Warming = ReturnType<typeof createWarming>;

/** Filling the caches before anybody has to wait for them. */
export function createWarming(options: {
  readonly warmers: readonly Warmer[];
  readonly peopleWarmers: readonly PeopleWarmer[];
  readonly findRecentlyActive: (limit: number) => Promise<readonly string[]>;
  /** True once the caches may store entries. */
  readonly isTrusted: () => boolean;
  readonly logger: Logger;
}) {
  const { warmers, peopleWarmers, findRecentlyActive, isTrusted, logger } = options;

  /** Loads what the caches lack, those who were here last first, and answers what each cache got. */
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
      // One cache after the other: at start the connections are also for the first requests.
      for (const [warmer, loaded] of loadedBy) {
        const room = warmer.entriesMax - loaded;
        if (room > 0) loadedBy.set(warmer, loaded + (await warmer.warm(batch, room)));
      }
      logger.info({ done: start + batch.length, of: people.length }, 'caches are being warmed');
    }
    return Array.from(loadedBy, ([{ cache }, loaded]) => ({ cache, loaded }));
  }

  /** Before that all that was loaded would be forgotten as the process joins the others. */
  async function warmOnceTrusted(request: WarmingRequest): Promise<CacheWarming[]> {
    while (!isTrusted() && request.signal?.aborted !== true) await wait(trustPollMs);
    return warm(request);
  }

  return {
    warm,

    /**
     * As `warm`, for a start that must not be held up: resolves after `patienceMs` at the latest, and what is
     * left goes on meanwhile. Never rejects, because a server with cold caches serves as well.
     */
    async warmWithin(patienceMs: number, request: WarmingRequest): Promise<void> {
      const patience = new AbortController();
      const finished = warmOnceTrusted(request).then(
        (caches) => logger.info({ caches }, 'the caches are warm'),
        (error: unknown) => logger.warn({ err: error }, 'the caches could not be warmed'),
      );
      const tooLong = wait(patienceMs, undefined, { signal: patience.signal }).then(
        () => logger.warn('warming the caches takes longer; requests are answered meanwhile'),
        // It was in time, and the timer was called off.
        () => undefined,
      );
      await Promise.race([finished, tooLong]);
      patience.abort();
    },
  };
}
