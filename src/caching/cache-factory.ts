import type { Clock } from '../platform/runtime/clock.ts';
import type { TextSigner } from '../platform/security/text-signer.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { CacheDeclaration } from './cache-declaration.ts';
import type { Trust } from './cache-options.ts';
import { Cache } from './cache.ts';
import { MemoryBudget } from './memory/memory-budget.ts';
import type { Generations } from './shared/generations.ts';

const second = 1000;
const absencesMax = 1000;

interface CacheFactoryOptions {
  readonly onRead?: (hits: number, misses: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isEnabled: boolean;
  readonly trust?: Trust;
  /** Of the store that processes share; null when there is none. */
  readonly generations?: Generations | null;
  /** Signs the values in the shared store; without it, values that decide access are not stored there. */
  readonly signer?: TextSigner | null;
  /** The time in which last known values are served while the database is unavailable. */
  readonly lastValueMs: number;
  /** As `lastValueMs`, for values that decide access: without word of invalidations. */
  readonly accessGraceMs: number;
  /** Bytes of memory of all created caches together. */
  readonly bytesMax?: number;
  readonly isUnavailable: (error: unknown) => boolean;
  /** The configured time to live; 0 disables the cache. */
  readonly ttlMsOf: (declaration: Pick<CacheDeclaration<never>, 'ttl'>) => number;
}

/** Creates the caches of a process from their declarations; everything else is the same for all. */
export class CacheFactory {
  readonly #options: CacheFactoryOptions;
  readonly #budget: MemoryBudget;
  #isForgeryLogged = false;

  constructor(options: CacheFactoryOptions) {
    this.#options = options;
    this.#budget = new MemoryBudget(options.bytesMax);
  }

  create<Value>(declaration: CacheDeclaration<Value>): Cache<Value> {
    const { logger, isEnabled, ttlMsOf, bytesMax: _, generations = null, ...common } = this.#options;
    const { decidesAccess = false } = declaration;
    const { name, entriesMax, tagsOfKey, tagsOfValue, version } = declaration;
    const configuredTtlMs = ttlMsOf(declaration);
    const ttlMs = Math.max(configuredTtlMs, second);
    return new Cache<Value>({
      ...common,
      budget: this.#budget,
      generations: decidesAccess && (common.signer ?? null) === null ? null : generations,
      onForged: () => this.#logForgery(name),
      name,
      entriesMax,
      ...(tagsOfKey && { tagsOfKey }),
      ...(tagsOfValue && { tagsOfValue }),
      ...(version !== undefined && { version }),
      ttlMs,
      isEnabled: isEnabled && configuredTtlMs > 0,
      // Short, because rows that cannot be in a cache yet are inserted without an announcement.
      negativeTtlMs: 2 * second,
      // A reader just after expiry does not wait; a value that was not read for longer is loaded again first.
      staleMs: Math.min(ttlMs, 30 * second),
      lastValueMs: this.#options.lastValueMs,
      silenceMaxMs: decidesAccess ? this.#options.accessGraceMs : this.#options.lastValueMs,
      absencesMax: Math.min(entriesMax, absencesMax),
      onLastValues: (error) =>
        logger.warn({ err: error, cache: name }, 'database unavailable: serving last known values'),
      onTooOld: (error) =>
        logger.warn({ err: error, cache: name }, 'database unavailable: last known values are too old'),
      onError: (error) => logger.warn({ err: error, cache: name }, 'background load failed'),
      // Redis itself is logged once when it stops being used.
      onStoreError: (error) => logger.debug({ err: error, cache: name }, 'cache operation failed in Redis'),
    });
  }

  /** Once per process: anyone who can write to Redis could fill the log otherwise. */
  #logForgery(cache: string): void {
    if (this.#isForgeryLogged) return;
    this.#isForgeryLogged = true;
    this.#options.logger.error({ cache }, 'forged value in Redis ignored: check who can write to Redis');
  }
}
