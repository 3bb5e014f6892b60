import { z } from 'zod';
import type { ConnectionStatistics, ExpiredRows, Finding } from '../../domains/statistics/model.ts';
import { count, levelOf, percent, seconds } from './table.ts';
import { serverTable, table, type Reading, type View } from './view.ts';

const number = z.number();
const dayMs = 86_400_000;

/** The views of `parley monitor`, in the order of `all`. */
export const views = {
  slow: {
    title: 'Statements, slowest mean first',
    analysis: ['slow statement'],
    note: ({ queries }) => queries.statementNote(),
    tables: [
      table('statements', ({ queries }: Reading) => queries.slowQueries(20), {
        hidden: ['isSlow', 'advice'],
        levels: {
          meanMs: ({ isSlow }) => (isSlow ? 'critical' : null),
          maxMs: [1000, 3000],
          cacheHitRate: [0.9, 0.5],
        },
      }),
    ],
  },
  connections: {
    title: 'Connections',
    note: async ({ queries }) =>
      (await queries.connections()).groups.some(({ state }) => state === '(hidden)')
        ? 'The activity of other roles is hidden without membership in pg_read_all_stats.'
        : null,
    tables: [
      table('usage', async ({ queries }: Reading) => [await queries.connections()], {
        hidden: ['groups', 'blocked'],
        levels: { longestIdleInTransactionSeconds: [15, 60] },
        warnings: ([usage]) => (usage === undefined ? [] : warningsOf(usage)),
      }),
      table('connections', async ({ queries }) => (await queries.connections()).groups, {
        levels: {
          longestSeconds: ({ state, longestSeconds }) =>
            state.startsWith('idle in transaction') ? levelOf(longestSeconds, [15, 60]) : null,
        },
      }),
      table('blocked', async ({ queries }) => (await queries.connections()).blocked, {
        levels: { waitingSeconds: [1, 10] },
      }),
    ],
  },
  cache: {
    title: 'Caches',
    tables: [
      serverTable(
        'caches',
        {
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
        },
        {
          levels: {
            hitRate: ({ hits, misses, hitRate }) =>
              hits + misses < readsMin ? null : levelOf(hitRate, [0.8, 0.5]),
            errors: [1, Infinity],
          },
          warnings: (caches) => caches.flatMap(warningsOfCache),
        },
      ),
    ],
  },
  auth: {
    title: 'Credentials and authentication',
    tables: [
      table('credentials', async ({ queries, at }) => [await queries.credentials(at)]),
      serverTable(
        'databaseLoad',
        {
          statementsPerRequest: number,
          statementsPerAuthentication: number,
          statementsSavedByCaches: number,
          reduction: number,
        },
        { levels: { statementsPerAuthentication: [0.1, 0.5] } },
      ),
      serverTable(
        'identitySync',
        {
          attempted: number,
          performed: number,
          skipped: number,
          created: number,
          failed: number,
          staleServed: number,
          skipRate: number,
        },
        { levels: { failed: [1, Infinity] }, warnings: (syncs) => syncs.flatMap(warningsOfSync) },
      ),
    ],
  },
  indexes: {
    title: 'The 20 largest indexes',
    analysis: ['unused index', 'invalid index'],
    tables: [
      table(
        'indexes',
        async ({ queries }: Reading) => (await queries.indexes({ unusedOnly: false })).slice(0, 20),
        {
          hidden: ['isUnused', 'advice'],
          levels: { scans: ({ isUnused }) => (isUnused ? 'elevated' : null) },
        },
      ),
    ],
  },
  tables: {
    title: 'Tables, largest first',
    analysis: ['missing index', 'dead rows', 'statistics', 'cache hit rate', 'transaction ids'],
    tables: [
      table('tables', ({ queries }) => queries.tables(), {
        levels: {
          deadRows: ({ rows, deadRows }) =>
            deadRows < 10_000 ? null : levelOf(deadRows / Math.max(rows, 1), [0.1, 0.2]),
          lastAnalyzeAt: ({ rows, lastAnalyzeAt }) =>
            lastAnalyzeAt === null && rows >= 10_000 ? 'critical' : null,
        },
      }),
    ],
  },
  activity: {
    title: 'The last 7 days in UTC, and the 10 busiest tenants',
    tables: [
      table('days', ({ queries, at }) => queries.dailyActivity(7, at)),
      table('tenants', ({ queries }) => queries.tenantActivity(10)),
    ],
  },
  cleanup: {
    title: 'Expired rows',
    note: async ({ cleanUpIntervalMs }) =>
      cleanUpIntervalMs === null ? 'The clean-up is disabled here: CLEANUP_ENABLED is false.' : null,
    tables: [
      table('expired', ({ queries, at }) => queries.expired(at), {
        warnings: (rows, reading) => rows.flatMap((row) => warningsOfExpired(row, reading)),
      }),
    ],
  },
} as const satisfies Readonly<Record<string, View>>;

/** The number of reads of a cache below which a rate means nothing. */
const readsMin = 1000;

function warn(kind: string, subject: string, finding: string, advice: string): Finding {
  return { kind, severity: 'warning', subject, finding, advice };
}

function warningsOf(usage: ConnectionStatistics): readonly Finding[] {
  const share = usage.connections / usage.connectionsMax;
  const idle = usage.longestIdleInTransactionSeconds;
  const longest = usage.longestTransactionSeconds;
  const waiting = usage.blocked[0]?.waitingSeconds ?? 0;
  const rules: readonly (readonly [boolean, string, string, string])[] = [
    [
      share >= 0.8,
      'connections',
      `${percent(share)} of the connections are in use`,
      'Fewer processes, a smaller DATABASE_PROFILE, a pooler in front, or a larger max_connections.',
    ],
    // Parley's own transactions end within seconds.
    [
      idle >= 60,
      'idle in transaction',
      `a transaction has been idle for ${seconds(idle)}`,
      'It holds locks and keeps dead rows: end it by `select pg_terminate_backend(pid)`.',
    ],
    [
      longest >= 300,
      'long transaction',
      `the longest transaction has run for ${seconds(longest)}`,
      'Dead rows stay until it ends: find it in pg_stat_activity.',
    ],
    [
      waiting >= 10,
      'locks',
      `a statement has waited for ${seconds(waiting)}`,
      'Check the process that it waits for, and the process that this one waits for in turn.',
    ],
  ];
  return rules.flatMap(([isBroken, ...texts]) => (isBroken ? [warn('connections', ...texts)] : []));
}

function warningsOfCache(
  cache: Readonly<Record<'hits' | 'misses' | 'hitRate' | 'evictions' | 'errors', number>> & { name: string },
): readonly Finding[] {
  const reads = cache.hits + cache.misses;
  if (reads < readsMin) return [];
  if (cache.errors > 0.01 * reads) {
    const finding = `${count(cache.errors)} errors in ${count(reads)} reads`;
    const advice = 'Its store or the database does not respond: check the warnings in the log, and Redis.';
    return [warn('cache', cache.name, finding, advice)];
  }
  if (cache.hitRate > 0.5) return [];
  const advice =
    cache.evictions > cache.misses / 2
      ? 'The cache is too small: entries are evicted before they are read again.'
      : 'Its time to live is too short, or its data changes too often.';
  const finding = `only ${percent(cache.hitRate)} of ${count(reads)} reads were hits`;
  return [warn('cache', cache.name, finding, advice)];
}

function warningsOfSync({ attempted, failed }: Readonly<Record<'attempted' | 'failed', number>>) {
  if (attempted < 20 || failed < 0.05 * attempted) return [];
  const finding = `${count(failed)} of ${count(attempted)} synchronizations failed`;
  const advice = 'Users are authenticated with their last known data: check the log for the reason.';
  return [warn('identity sync', 'identity provider', finding, advice)];
}

/** Warns of rows that are due for longer than one missed clean-up explains. */
function warningsOfExpired({ table: name, rows, dueSince }: ExpiredRows, { at, cleanUpIntervalMs }: Reading) {
  const ageMs = dueSince === null ? 0 : at.getTime() - dueSince.getTime();
  if (ageMs <= Math.max(dayMs, 2 * (cleanUpIntervalMs ?? 0))) return [];
  const finding = `${count(rows)} expired rows, the oldest for ${seconds(ageMs / 1000)}`;
  const advice =
    'No server has cleaned up: search the logs for `could not be removed`, or use the mutation cleanupExpiredData.';
  return [warn('clean-up', name, finding, advice)];
}
