import { z } from 'zod';
import type { Finding } from '../../domains/statistics/model.ts';
import { askServer, counters, NotReachable, type ServerAddress } from './ask-server.ts';
import { above, count, percent, tableOf, type Section, type Table } from './section.ts';

const cacheSchema = z.object({
  name: z.string(),
  entries: z.number(),
  hits: z.number(),
  misses: z.number(),
  hitRate: z.number(),
  staleServed: z.number(),
  coalesced: z.number(),
  evictions: z.number(),
  invalidations: z.number(),
  errors: z.number(),
  ttlSeconds: z.number(),
  maxEntries: z.number(),
  store: z.string(),
});

type Cache = z.output<typeof cacheSchema>;

/** Before so many reads a share says nothing. */
const enough = 1000;

/** What the caches of a running server do. Without a server, a note, and whether that is a failure is said by the caller. */
export async function cacheSection(
  server: ServerAddress | null,
  whenNoServer: { readonly isUnknown: boolean },
): Promise<Section> {
  const section = { view: 'cache', title: 'Caches', tables: [], findings: [] } as const;
  if (server === null) return { ...section, notes: [counters.missing], ...whenNoServer };
  const caches = await askServer(server, 'caches', cacheSchema.shape, z.array(cacheSchema));
  if (caches instanceof NotReachable) return { ...section, notes: [caches.message], isUnknown: true };
  if (caches === null) return { ...section, notes: [counters.notTold('caches')], isUnknown: true };
  return {
    ...section,
    tables: [cachesTable(caches)],
    notes: [counters.ofOneProcess],
    findings: caches.flatMap(findingsOfCache),
  };
}

function cachesTable(caches: readonly Cache[]): Table {
  return tableOf('caches', caches, [
    { title: 'cache', text: ({ name }) => name },
    { title: 'store', text: ({ store }) => store },
    { title: 'entries', text: ({ entries }) => count(entries), isNumber: true },
    { title: 'at most', text: ({ maxEntries }) => count(maxEntries), isNumber: true },
    { title: 'hits', text: ({ hits }) => count(hits), isNumber: true },
    { title: 'misses', text: ({ misses }) => count(misses), isNumber: true },
    {
      title: 'hit rate',
      text: ({ hitRate }) => percent(hitRate),
      isNumber: true,
      level: (cache) => (readsOf(cache) < enough ? null : above(1 - cache.hitRate, 0.2, 0.5)),
    },
    { title: 'stale', text: ({ staleServed }) => count(staleServed), isNumber: true },
    { title: 'evicted', text: ({ evictions }) => count(evictions), isNumber: true },
    { title: 'ended', text: ({ invalidations }) => count(invalidations), isNumber: true },
    {
      title: 'errors',
      text: ({ errors }) => count(errors),
      isNumber: true,
      level: ({ errors }) => above(errors, 1, Infinity),
    },
  ]);
}

const readsOf = ({ hits, misses }: Cache) => hits + misses;

function findingsOfCache(cache: Cache): readonly Finding[] {
  const reads = readsOf(cache);
  const warning = { kind: 'cache', severity: 'warning', subject: cache.name } as const;
  if (reads >= enough && cache.errors > 0.01 * reads) {
    return [
      {
        ...warning,
        finding: `${count(cache.errors)} errors in ${count(reads)} reads`,
        advice:
          'Its store or the database does not answer: look for warnings in the log, and whether Redis is well.',
      },
    ];
  }
  if (reads < enough || cache.hitRate > 0.5) return [];
  return [
    {
      ...warning,
      finding: `only ${percent(cache.hitRate)} of ${count(reads)} reads were answered from it`,
      advice:
        cache.evictions > cache.misses / 2
          ? 'It is too small for what is asked: entries go before they are asked for again.'
          : 'Its time to live is too short, or what it holds is changed too often.',
    },
  ];
}
