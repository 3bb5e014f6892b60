import type { ConnectionStatistics, ExpiredRows, Finding } from '../../domains/statistics/model.ts';
import type { StatisticsQueries } from '../../domains/statistics/queries.ts';
import {
  bytes,
  count,
  levelOf,
  milliseconds,
  moment,
  percent,
  quantity,
  seconds,
  tableOf,
  type Section,
  type View,
} from './section.ts';

const rowsShown = 20;
const daysShown = 7;
const tenantsShown = 10;
const dayMs = 86_400_000;

/** The database, and the time of the reading. */
export interface Reading {
  readonly queries: StatisticsQueries;
  readonly at: Date;
  /** Null if the clean-up is disabled. */
  readonly cleanUpIntervalMs: number | null;
}

/** Returns the sections that need only the database, each loaded when it is called. */
export function databaseSections(
  reading: Reading,
): Readonly<Record<Exclude<View, 'cache' | 'auth'>, () => Promise<Section>>> {
  const { queries } = reading;
  let analysis: Promise<readonly Finding[]> | null = null;
  // Three sections share one analysis.
  const findingsOf = async (...kinds: readonly string[]) => {
    analysis ??= queries.findings();
    return (await analysis).filter(({ kind }) => kinds.includes(kind));
  };
  return {
    slow: async () => ({ ...(await slowSection(queries)), findings: await findingsOf('slow statement') }),
    connections: () => connectionsSection(reading),
    indexes: async () => ({
      ...(await indexesSection(queries)),
      findings: await findingsOf('unused index', 'invalid index'),
    }),
    tables: async () => ({
      ...(await tablesSection(queries)),
      findings: await findingsOf(
        'missing index',
        'dead rows',
        'statistics',
        'cache hit rate',
        'transaction ids',
      ),
    }),
    activity: () => activitySection(reading),
    cleanup: () => cleanUpSection(reading),
  };
}

async function slowSection(queries: StatisticsQueries): Promise<Section> {
  const note = await queries.statementNote();
  const table = tableOf('statements', await queries.slowQueries(rowsShown), {
    'mean ms': (row) => quantity(milliseconds(row.meanMs), row.isSlow ? 'critical' : null),
    'max ms': (row) => quantity(milliseconds(row.maxMs), levelOf(row.maxMs, 1000, 3000)),
    calls: (row) => row.calls,
    'total s': (row) => quantity(milliseconds(row.totalMs / 1000)),
    rows: (row) => row.rows,
    'in memory': ({ cacheHitRate: rate }) =>
      rate === null ? quantity('') : quantity(percent(rate), levelOf(1 - rate, 0.1, 0.5)),
    statement: (row) => row.query,
  });
  const title = 'Statements, slowest mean first';
  return { view: 'slow', title, tables: [table], notes: note === null ? [] : [note] };
}

async function indexesSection(queries: StatisticsQueries): Promise<Section> {
  const rows = await queries.indexes({ unusedOnly: false });
  const table = tableOf('indexes', rows.slice(0, rowsShown), {
    index: (row) => row.name,
    table: (row) => row.table,
    size: (row) => quantity(bytes(row.sizeBytes)),
    scans: (row) => quantity(count(row.scans), row.isUnused ? 'elevated' : null),
    unique: (row) => (row.isUnique ? 'yes' : ''),
  });
  return { view: 'indexes', title: `The ${rowsShown} largest indexes`, tables: [table] };
}

async function tablesSection(queries: StatisticsQueries): Promise<Section> {
  const table = tableOf('tables', await queries.tables(), {
    table: (row) => row.name,
    rows: (row) => row.rows,
    'dead rows': ({ rows, deadRows }) =>
      quantity(count(deadRows), deadRows < 10_000 ? null : levelOf(deadRows / Math.max(rows, 1), 0.1, 0.2)),
    size: (row) => quantity(bytes(row.sizeBytes)),
    indexes: (row) => quantity(bytes(row.indexBytes)),
    'last vacuum': (row) => moment(row.lastVacuumAt),
    'last analyze': ({ rows, lastAnalyzeAt: at }) =>
      quantity(moment(at), at === null && rows >= 10_000 ? 'critical' : null),
  });
  return { view: 'tables', title: 'Tables, largest first', tables: [table] };
}

async function activitySection({ queries, at }: Reading): Promise<Section> {
  const days = tableOf('days', await queries.dailyActivity(daysShown, at), {
    day: (row) => row.date.toISOString().slice(0, 10),
    'active users': (row) => row.activeUsers,
    'new users': (row) => row.newUsers,
    conversations: (row) => row.conversations,
    messages: (row) => row.messages,
    'sign-ins': (row) => row.signIns,
  });
  const tenants = tableOf('tenants', await queries.tenantActivity(tenantsShown), {
    tenant: (row) => row.slug,
    members: (row) => row.members,
    'live sessions': (row) => row.activeSessions,
    conversations: (row) => row.conversations,
    messages: (row) => row.messages,
    today: (row) => row.messagesToday,
    'in 30 days': (row) => row.messagesOfLast30Days,
  });
  const title = `The last ${daysShown} days in UTC, and the ${tenantsShown} busiest tenants`;
  return { view: 'activity', title, tables: [days, tenants] };
}

/** Shows rows that are due for removal; a single missed clean-up is no reason for a warning. */
async function cleanUpSection({ queries, at, cleanUpIntervalMs }: Reading): Promise<Section> {
  const rows = await queries.expired(at);
  const delayMaxMs = Math.max(dayMs, 2 * (cleanUpIntervalMs ?? 0));
  const ageMs = ({ dueSince }: ExpiredRows) => (dueSince === null ? 0 : at.getTime() - dueSince.getTime());
  const isLate = (row: ExpiredRows) => ageMs(row) > delayMaxMs;
  const table = tableOf('expired', rows, {
    table: (row) => row.table,
    rows: (row) => row.rows,
    'due since': (row) =>
      quantity(row.dueSince === null ? '' : moment(row.dueSince), isLate(row) ? 'critical' : null),
  });
  const findings = rows.filter(isLate).map((row) => ({
    kind: 'clean-up',
    severity: 'warning' as const,
    subject: row.table,
    finding: `${count(row.rows)} expired rows, the oldest for ${seconds(ageMs(row) / 1000)}`,
    advice:
      'No server has cleaned up: search the logs for `could not be removed`, or use the mutation cleanupExpiredData.',
  }));
  const notes =
    cleanUpIntervalMs === null ? ['The clean-up is disabled here: CLEANUP_ENABLED is false.'] : [];
  return { view: 'cleanup', title: 'Expired rows', tables: [table], notes, findings };
}

/** Shows connections and blocked statements. */
export async function connectionsSection({
  queries,
}: {
  readonly queries: Pick<StatisticsQueries, 'connections'>;
}): Promise<Section> {
  const statistics = await queries.connections();
  const groups = tableOf('connections', statistics.groups, {
    application: (row) => row.application,
    state: (row) => row.state,
    connections: (row) => row.connections,
    'for up to': ({ state, longestSeconds }) =>
      quantity(
        seconds(longestSeconds),
        state.startsWith('idle in transaction') ? levelOf(longestSeconds, 15, 60) : null,
      ),
  });
  const blocked = tableOf('blocked', statistics.blocked, {
    process: (row) => quantity(String(row.processId)),
    'waits for': (row) => row.blockedBy.join(', '),
    for: (row) => quantity(seconds(row.waitingSeconds), levelOf(row.waitingSeconds, 1, 10)),
    statement: (row) => row.query,
  });
  const isHidden = statistics.groups.some(({ state }) => state === '(hidden)');
  return {
    view: 'connections',
    title: `Connections: ${count(statistics.connections)} of ${count(statistics.connectionsMax)}`,
    tables: statistics.blocked.length === 0 ? [groups] : [groups, blocked],
    notes: isHidden ? ['The activity of other roles is hidden without membership in pg_read_all_stats.'] : [],
    findings: findingsOfConnections(statistics),
  };
}

function findingsOfConnections(statistics: ConnectionStatistics): readonly Finding[] {
  const share = statistics.connections / statistics.connectionsMax;
  const idleSeconds = statistics.longestIdleInTransactionSeconds;
  const waitingSeconds = statistics.blocked[0]?.waitingSeconds ?? 0;
  const findings = [
    share >= 0.8 && {
      subject: 'connections',
      finding: `${percent(share)} of the connections are in use`,
      advice: 'Fewer processes, a smaller DATABASE_PROFILE, a pooler in front, or a larger max_connections.',
    },
    // Such a transaction holds its locks and keeps dead rows; those of Parley end within seconds.
    idleSeconds >= 60 && {
      subject: 'idle in transaction',
      finding: `a transaction has been idle for ${seconds(idleSeconds)}`,
      advice: 'It holds locks and keeps dead rows: end it by `select pg_terminate_backend(pid)`.',
    },
    statistics.longestTransactionSeconds >= 300 && {
      subject: 'long transaction',
      finding: `the longest transaction has run for ${seconds(statistics.longestTransactionSeconds)}`,
      advice: 'Dead rows stay until it ends: find it in pg_stat_activity.',
    },
    waitingSeconds >= 10 && {
      subject: 'locks',
      finding: `a statement has waited for ${seconds(waitingSeconds)}`,
      advice: 'Check the process that it waits for, and the process that this one waits for in turn.',
    },
  ];
  return findings
    .filter((finding) => finding !== false)
    .map((finding) => ({ kind: 'connections', severity: 'warning', ...finding }));
}
