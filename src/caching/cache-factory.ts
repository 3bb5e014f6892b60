import type { Clock } from '../platform/runtime/clock.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { CacheOptions, Trust } from './cache-options.ts';
import { Cache } from './cache.ts';
import type { Generations } from './shared/generations.ts';

const second = 1000;
const absencesMax = 1000;

/**
 * What differs from cache to cache; whatever is left out is as good for this one as for the others. With a time to live of 0 it
 * remembers nothing.
 */
type OwnOptions<Value> = Pick<CacheOptions<Value>, 'ttlMs' | 'entriesMax'> &
  Partial<
    Pick<
      CacheOptions<Value>,
      'negativeTtlMs' | 'staleMs' | 'lastValueMs' | 'tagsOfKey' | 'tagsOfValue' | 'version'
    >
  >;

interface CacheFactoryOptions {
  readonly onRead?: (hits: number, misses: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isEnabled: boolean;
  readonly trust?: Trust;
  /** Of the store that processes share; null when there is none. */
  readonly generations?: Generations | null;
  readonly isUnavailable: (error: unknown) => boolean;
}

/** Makes the caches of a process, so that each needs to say only what is its own. */
export class CacheFactory<Name extends string> {
  readonly #options: CacheFactoryOptions;

  constructor(options: CacheFactoryOptions) {
    this.#options = options;
  }

  create<Value>(name: Name, own: OwnOptions<Value>): Cache<Value, Name> {
    const { logger, isEnabled, ...common } = this.#options;
    const ttlMs = Math.max(own.ttlMs, second);
    return new Cache<Value, Name>({
      // Short, because what comes into being by other means than ours is not always told.
      negativeTtlMs: 2 * second,
      // A reader who comes just after the end need not wait; a value that nobody asked for meanwhile is loaded anew.
      staleMs: Math.min(ttlMs, 30 * second),
      lastValueMs: 3600 * second,
      absencesMax: Math.min(own.entriesMax, absencesMax),
      ...common,
      ...own,
      ttlMs,
      isEnabled: isEnabled && own.ttlMs > 0,
      name,
      onLastValues: (error) =>
        logger.warn(
          { err: error, cache: name },
          'the database is away; a cache answers with its last values',
        ),
      onError: (error) => logger.warn({ err: error, cache: name }, 'a load in the background failed'),
      // Redis itself tells, once, when it is not used any more.
      onStoreError: (error) => logger.debug({ err: error, cache: name }, 'Redis failed a cache'),
    });
  }
}
