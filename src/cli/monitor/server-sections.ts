import { z } from 'zod';
import type { Finding } from '../../domains/statistics/model.ts';
import type { StatisticsQueries } from '../../domains/statistics/queries.ts';
import { NotReachable, queryServer, type ServerAddress } from './query-server.ts';
import { count, levelOf, percent, quantity, tableOf, type Section } from './section.ts';

const number = z.number();

const cacheSchema = z.object({
  name: z.string(),
  store: z.string(),
  entries: number,
  maxEntries: number,
  hits: number,
  misses: number,
  hitRate: number,
  staleServed: number,
  evictions: number,
  invalidations: number,
  errors: number,
});
const loadSchema = z.object({
  statementsPerRequest: number,
  statementsPerAuthentication: number,
  statementsSavedByCaches: number,
  reduction: number,
});
const syncSchema = z.object({
  attempted: number,
  performed: number,
  skipped: number,
  created: number,
  failed: number,
  staleServed: number,
  skipRate: number,
});
const cachesSchema = z.object({ caches: z.array(cacheSchema) });
const authSchema = z.object({ databaseLoad: loadSchema, identitySync: syncSchema });

type Cache = z.output<typeof cacheSchema>;
type Sync = z.output<typeof syncSchema>;

const perProcess = 'The counters are those of the process that answered.';
const noServer =
  'Counters are kept in the memory of each server: pass --url, and --token of a platform admin.';
/** The number of reads, or synchronizations, below which a rate means nothing. */
const readsMin = 1000;
const syncsMin = 20;

/** Shows the caches of a running server. */
export async function cacheSection(server: ServerAddress | null, isRequired: boolean): Promise<Section> {
  const section = { view: 'cache', title: 'Caches', tables: [] } as const;
  if (server === null) return { ...section, notes: [noServer], isUnknown: isRequired };
  return await orUnknown(section, async () => {
    const { caches } = await queryServer(server, `caches ${fieldsOf(cacheSchema)}`, cachesSchema);
    const findings = caches.flatMap(findingsOfCache);
    return { ...section, tables: [cachesTable(caches)], notes: [perProcess], findings };
  });
}

/** Shows the valid credentials, and the costs of authentication in a running server. */
export async function authSection(
  { queries, at }: { readonly queries: Pick<StatisticsQueries, 'credentials'>; readonly at: Date },
  server: ServerAddress | null,
): Promise<Section> {
  const credentials = tableOf('credentials', [await queries.credentials(at)], {
    'live sessions': (row) => row.liveSessions,
    'begun in 24 h': (row) => row.sessionsOfToday,
    'live API keys': (row) => row.liveApiKeys,
    'used in 24 h': (row) => row.apiKeysUsedToday,
  });
  const section = { view: 'auth', title: 'Credentials and authentication', tables: [credentials] } as const;
  if (server === null) return { ...section, notes: [noServer] };
  return await orUnknown(section, async () => {
    const selection = `databaseLoad ${fieldsOf(loadSchema)} identitySync ${fieldsOf(syncSchema)}`;
    const { databaseLoad, identitySync } = await queryServer(server, selection, authSchema);
    const tables = [credentials, loadTable(databaseLoad), syncTable(identitySync)];
    return { ...section, tables, notes: [perProcess], findings: findingsOfSync(identitySync) };
  });
}

async function orUnknown(section: Section, load: () => Promise<Section>): Promise<Section> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof NotReachable) return { ...section, notes: [error.message], isUnknown: true };
    throw error;
  }
}

function fieldsOf(schema: z.ZodObject): string {
  return `{ ${Object.keys(schema.shape).join(' ')} }`;
}

function cachesTable(caches: readonly Cache[]) {
  return tableOf('caches', caches, {
    cache: (row) => row.name,
    store: (row) => row.store,
    entries: (row) => row.entries,
    max: (row) => row.maxEntries,
    hits: (row) => row.hits,
    misses: (row) => row.misses,
    'hit rate': (row) =>
      quantity(percent(row.hitRate), readsOf(row) < readsMin ? null : levelOf(1 - row.hitRate, 0.2, 0.5)),
    stale: (row) => row.staleServed,
    evicted: (row) => row.evictions,
    invalidated: (row) => row.invalidations,
    errors: (row) => quantity(count(row.errors), levelOf(row.errors, 1, Infinity)),
  });
}

const readsOf = ({ hits, misses }: Cache) => hits + misses;

function findingsOfCache(cache: Cache): readonly Finding[] {
  const reads = readsOf(cache);
  if (reads < readsMin) return [];
  const warning = { kind: 'cache', severity: 'warning', subject: cache.name } as const;
  if (cache.errors > 0.01 * reads) {
    const finding = `${count(cache.errors)} errors in ${count(reads)} reads`;
    const advice = 'Its store or the database does not respond: check the warnings in the log, and Redis.';
    return [{ ...warning, finding, advice }];
  }
  if (cache.hitRate > 0.5) return [];
  const advice =
    cache.evictions > cache.misses / 2
      ? 'The cache is too small: entries are evicted before they are read again.'
      : 'Its time to live is too short, or its data changes too often.';
  return [
    { ...warning, finding: `only ${percent(cache.hitRate)} of ${count(reads)} reads were hits`, advice },
  ];
}

function loadTable(load: z.output<typeof loadSchema>) {
  return tableOf('databaseLoad', [load], {
    'statements per request': (row) => quantity(row.statementsPerRequest.toFixed(2)),
    'per authentication': ({ statementsPerAuthentication: value }) =>
      quantity(value.toFixed(3), levelOf(value, 0.1, 0.5)),
    'saved by caches': (row) => row.statementsSavedByCaches,
    reduction: (row) => quantity(percent(row.reduction)),
  });
}

function syncTable(sync: Sync) {
  return tableOf('identitySync', [sync], {
    attempted: (row) => row.attempted,
    performed: (row) => row.performed,
    skipped: (row) => row.skipped,
    created: (row) => row.created,
    failed: (row) => quantity(count(row.failed), levelOf(row.failed, 1, Infinity)),
    'served stale': (row) => row.staleServed,
    'skip rate': (row) => quantity(percent(row.skipRate)),
  });
}

function findingsOfSync({ attempted, failed }: Sync): readonly Finding[] {
  if (attempted < syncsMin || failed < 0.05 * attempted) return [];
  const finding = `${count(failed)} of ${count(attempted)} synchronizations failed`;
  const advice = 'Users are authenticated with their last known data: check the log for the reason.';
  return [{ kind: 'identity sync', severity: 'warning', subject: 'identity provider', finding, advice }];
}
