import type {
  BlockedStatement,
  ConnectionGroup,
  ConnectionStatistics,
  Finding,
} from '../../domains/statistics/model.ts';
import type { StatisticsQueries } from '../../domains/statistics/queries.ts';
import { above, count, percent, seconds, tableOf, type Section } from './section.ts';

/** Over how much of PostgreSQL's connections somebody should know. */
const fullness = { worse: 0.6, bad: 0.8 } as const;
/** A transaction that does nothing holds its locks and keeps dead rows from going; ours end after seconds. */
const idleSeconds = { worse: 15, bad: 60 } as const;
const transactionSeconds = { worse: 60, bad: 300 } as const;
const waitingSeconds = { worse: 1, bad: 10 } as const;

/** Who is connected, and who waits for whom. */
export async function connectionsSection({
  queries,
}: {
  readonly queries: Pick<StatisticsQueries, 'connections'>;
}): Promise<Section> {
  const statistics = await queries.connections();
  return {
    view: 'connections',
    title: `Connections: ${count(statistics.connections)} of ${count(statistics.connectionsMax)}`,
    tables: [
      groupsTable(statistics.groups),
      ...(statistics.blocked.length === 0 ? [] : [blockedTable(statistics.blocked)]),
    ],
    notes: statistics.groups.some(({ state }) => state === '(hidden)')
      ? ['What other roles do is hidden: it takes membership in pg_read_all_stats to see it.']
      : [],
    findings: findingsOf(statistics),
  };
}

function groupsTable(groups: readonly ConnectionGroup[]) {
  return tableOf('connections', groups, [
    { title: 'application', text: ({ application }) => application },
    { title: 'state', text: ({ state }) => state },
    { title: 'connections', text: ({ connections }) => count(connections), isNumber: true },
    {
      title: 'for up to',
      text: ({ longestSeconds }) => seconds(longestSeconds),
      isNumber: true,
      level: ({ state, longestSeconds }) =>
        state.startsWith('idle in transaction')
          ? above(longestSeconds, idleSeconds.worse, idleSeconds.bad)
          : null,
    },
  ]);
}

function blockedTable(blocked: readonly BlockedStatement[]) {
  return tableOf('blocked', blocked, [
    { title: 'process', text: ({ processId }) => String(processId), isNumber: true },
    { title: 'waits for', text: ({ blockedBy }) => blockedBy.join(', ') },
    {
      title: 'for',
      text: (row) => seconds(row.waitingSeconds),
      isNumber: true,
      level: (row) => above(row.waitingSeconds, waitingSeconds.worse, waitingSeconds.bad),
    },
    { title: 'statement', text: ({ query }) => query },
  ]);
}

function findingsOf(statistics: ConnectionStatistics): readonly Finding[] {
  const { connections, connectionsMax, longestIdleInTransactionSeconds: idle } = statistics;
  const share = connections / connectionsMax;
  const waiting = statistics.blocked[0]?.waitingSeconds ?? 0;
  return [
    ...warningWhen(share >= fullness.bad, {
      subject: 'connections',
      finding: `${percent(share)} of them are taken`,
      advice: 'Fewer processes, a smaller DATABASE_PROFILE, a pooler in front, or a larger max_connections.',
    }),
    ...warningWhen(idle >= idleSeconds.bad, {
      subject: 'idle in transaction',
      finding: `somebody has left a transaction open for ${seconds(idle)}`,
      advice: 'It holds locks and keeps dead rows: end it by `select pg_terminate_backend(pid)`.',
    }),
    ...warningWhen(statistics.longestTransactionSeconds >= transactionSeconds.bad, {
      subject: 'long transaction',
      finding: `the longest has lasted ${seconds(statistics.longestTransactionSeconds)}`,
      advice: 'Dead rows stay until it ends: look who it is in pg_stat_activity.',
    }),
    ...warningWhen(waiting >= waitingSeconds.bad, {
      subject: 'locks',
      finding: `a statement has waited for ${seconds(waiting)}`,
      advice: 'Look at the process that it waits for, and at what that one waits for.',
    }),
  ];
}

function warningWhen(isBad: boolean, finding: Omit<Finding, 'kind' | 'severity'>): readonly Finding[] {
  return isBad ? [{ kind: 'connections', severity: 'warning', ...finding }] : [];
}
