import type { CacheRegistry } from '../../caching/cache-registry.ts';
import type { MetricRegistry, Sample } from '../../platform/telemetry/metrics/metric-registry.ts';
import type { Telemetry } from '../../platform/telemetry/metrics/telemetry.ts';

/** Adds the metrics of the caches. */
export function addCacheMetrics(
  metrics: MetricRegistry,
  {
    registry,
    telemetry,
  }: { readonly registry: CacheRegistry; readonly telemetry: Pick<Telemetry, 'cacheReads'> },
): void {
  metrics.counter({
    name: 'parley_cache_reads_total',
    help: 'Reads of caches by result: answered from the cache, or loaded by a statement.',
    labels: ['result'],
    read: () => Object.entries(telemetry.cacheReads).map(([result, count]): Sample => [{ result }, count]),
  });
  metrics.counter({
    name: 'parley_cache_keys_total',
    help: 'Keys read from caches, by result.',
    labels: ['cache', 'result'],
    read: () =>
      registry.statistics().flatMap(({ name, hits, misses, coalesced }): Sample[] => [
        [{ cache: name, result: 'hit' }, hits],
        [{ cache: name, result: 'miss' }, misses],
        [{ cache: name, result: 'coalesced' }, coalesced],
      ]),
  });
  addCacheCounters(metrics, registry);
  addNamedCounters(metrics, registry);
  addCacheSizes(metrics, registry);
}

function addCacheCounters(metrics: MetricRegistry, registry: CacheRegistry): void {
  const perCache = {
    stale_served: ['Keys served with an expired value.', 'staleServed'],
    evictions: ['Entries evicted to make room.', 'evictions'],
    invalidations: ['Invalidations.', 'invalidations'],
    errors: ['Failures of the store or of background loads.', 'errors'],
  } as const;
  for (const [name, [help, field]] of Object.entries(perCache)) {
    metrics.counter({
      name: `parley_cache_${name}_total`,
      help,
      labels: ['cache'],
      read: () => registry.statistics().map((cache): Sample => [{ cache: cache.name }, cache[field]]),
    });
  }
}

/** Counters that the documentation names. */
const namedCounters = [
  [
    'parley_cache_forged_total',
    'Entries in Redis that were ignored because no server had signed them.',
    'forged',
  ],
  [
    'parley_cache_last_values_total',
    'Keys served with the last known value without the database.',
    'lastValues',
  ],
  ['parley_cache_too_old_total', 'Keys whose last known value was too old to be served.', 'tooOld'],
] as const;

function addNamedCounters(metrics: MetricRegistry, registry: CacheRegistry): void {
  for (const [name, help, field] of namedCounters) {
    metrics.counter({
      name,
      help,
      labels: ['cache'],
      read: () => registry.statistics().map((cache): Sample => [{ cache: cache.name }, cache[field]]),
    });
  }
}

function addCacheSizes(metrics: MetricRegistry, registry: CacheRegistry): void {
  for (const [name, help, field] of [
    ['entries', 'Entries in memory.', 'entries'],
    ['entries_max', 'Maximum number of entries in memory.', 'entriesMax'],
  ] as const) {
    metrics.gauge({
      name: `parley_cache_${name}`,
      help,
      labels: ['cache'],
      read: () => registry.statistics().map((cache): Sample => [{ cache: cache.name }, cache[field]]),
    });
  }
}
