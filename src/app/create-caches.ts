import { cacheTtlMs, type Config } from './config/config.ts';
import { CacheFactory } from '../caching/cache-factory.ts';
import { CacheRegistry } from '../caching/cache-registry.ts';
import type { Coherence } from '../caching/coherence/coherence.ts';
import { Generations } from '../caching/shared/generations.ts';
import { DatabaseCounters } from '../caching/redis/database-counters.ts';
import { RedisStore } from '../caching/redis/redis-store.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { toApiError } from '../platform/postgres/database-errors.ts';
import { TextSigner } from '../platform/security/text-signer.ts';
import { Unavailable } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { createEach, type Caches } from '../graphql/cache-list.ts';

/** Of this product in Redis; the names of epochs and databases in the keys are unique by themselves. */
const namespace = 'parley';

/** The dependencies of the caches. */
export interface CachesOptions {
  readonly clock: Clock;
  readonly coherence: Coherence;
  readonly config: Config;
  readonly database: Database;
  readonly logger: Logger;
  /** Receives the result of each read of a cache. */
  readonly onRead: (hits: number, misses: number) => void;
}

/**
 * Everything that is remembered between requests, kept true by `coherence`. Until `start` is called no store
 * is reached that other processes share.
 */
export function createCaches(options: CachesOptions) {
  const shared = createSharedStore(options);
  const generations = shared?.generations ?? null;
  const caches = createEachCache(options, generations);
  const registry = new CacheRegistry(Object.values(caches), generations);
  options.coherence.subscribe(registry);
  return {
    caches,
    registry,
    /** The part that other processes reach as well; null without Redis. */
    shared: shared === null ? null : { counters: shared.counters, namespace },
    start: () => shared?.store.start(),
    async stop() {
      generations?.stop();
      await shared?.store.stop();
    },
  };
}

/** Caches that know nothing and learn nothing, for finding out what is read without them. */
export function createUnrememberingCaches(options: CachesOptions): Caches {
  const config = { ...options.config, isCacheEnabled: false };
  return createEachCache({ ...options, config, onRead: () => {} }, null);
}

function createSharedStore({ coherence, config, logger }: CachesOptions) {
  if (config.redisUrls.length === 0) return null;
  const store = new RedisStore({ urls: config.redisUrls, logger });
  const generations = new Generations({
    store,
    namespace,
    coherence,
    onError: (error) => logger.debug({ err: error }, 'Redis did not confirm an invalidation'),
  });
  coherence.share(generations);
  return { store, generations, counters: new DatabaseCounters({ store, coherence }) };
}

function createEachCache(
  { clock, coherence, config, logger, onRead }: CachesOptions,
  generations: Generations | null,
): Caches {
  const factory = new CacheFactory({
    clock,
    logger,
    onRead,
    trust: coherence,
    generations,
    signer: config.secretKeys.length === 0 ? null : new TextSigner(config.secretKeys, 'cached values'),
    lastValueMs: config.lastValueMaxMs,
    accessGraceMs: config.accessGraceMs,
    bytesMax: config.cacheMemoryMax,
    isEnabled: config.isCacheEnabled,
    isUnavailable: (error) => toApiError(error) instanceof Unavailable,
    ttlMsOf: (declaration) => cacheTtlMs(config, declaration),
  });
  return createEach((declaration) => factory.create(declaration));
}
