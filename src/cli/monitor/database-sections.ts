import type { Finding, IndexStatistics, SlowQuery, TableStatistics } from '../../domains/statistics/model.ts';
import type { StatisticsQueries } from '../../domains/statistics/queries.ts';
import { activitySection } from './activity-section.ts';
import { cleanUpSection } from './clean-up-section.ts';
import { connectionsSection } from './connections-section.ts';
import {
  above,
  bytes,
  count,
  milliseconds,
  moment,
  percent,
  tableOf,
  type Section,
  type View,
} from './section.ts';

const rowsShown = 20;

/** What a look at the database needs. */
export interface Look {
  readonly queries: StatisticsQueries;
  readonly at: Date;
  /** Null where the clean-up is switched off. */
  readonly cleanUpIntervalMs: number | null;
}

/** The sections that come from the database alone, each made when it is called. */
export function databaseSections(
  look: Look,
): Readonly<Record<Exclude<View, 'cache' | 'auth'>, () => Promise<Section>>> {
  const { queries } = look;
  let asked: Promise<readonly Finding[]> | null = null;
  // One analysis answers three sections.
  const findingsOf = async (...kinds: readonly string[]) => {
    asked ??= queries.findings();
    return (await asked).filter(({ kind }) => kinds.includes(kind));
  };
  return {
    slow: async () => ({
      ...slowSection(await queries.slowQueries(rowsShown), await queries.statementNote()),
      findings: await findingsOf('slow statement'),
    }),
    connections: () => connectionsSection(look),
    indexes: async () => ({
      ...indexesSection(await queries.indexes({ unusedOnly: false })),
      findings: await findingsOf('unused index', 'invalid index'),
    }),
    tables: async () => ({
      ...tablesSection(await queries.tables()),
      findings: await findingsOf(
        'missing index',
        'dead rows',
        'statistics',
        'cache hit rate',
        'transaction ids',
      ),
    }),
    activity: () => activitySection(look),
    cleanup: () => cleanUpSection(look),
  };
}

function slowSection(rows: readonly SlowQuery[], note: string | null): Omit<Section, 'findings'> {
  const table = tableOf('statements', rows, [
    {
      title: 'mean ms',
      text: ({ meanMs }) => milliseconds(meanMs),
      isNumber: true,
      level: ({ isSlow }) => (isSlow ? 'bad' : null),
    },
    {
      title: 'max ms',
      text: ({ maxMs }) => milliseconds(maxMs),
      isNumber: true,
      level: ({ maxMs }) => above(maxMs, 1000, 3000),
    },
    { title: 'calls', text: ({ calls }) => count(calls), isNumber: true },
    { title: 'total s', text: ({ totalMs }) => milliseconds(totalMs / 1000), isNumber: true },
    { title: 'rows', text: ({ rows: answered }) => count(answered), isNumber: true },
    {
      title: 'in memory',
      text: ({ cacheHitRate }) => (cacheHitRate === null ? '' : percent(cacheHitRate)),
      isNumber: true,
      level: ({ cacheHitRate }) => (cacheHitRate === null ? null : above(1 - cacheHitRate, 0.1, 0.5)),
    },
    { title: 'statement', text: ({ query }) => query },
  ]);
  return {
    view: 'slow',
    title: 'Statements, the slowest on average first',
    tables: [table],
    notes: note === null ? [] : [note],
  };
}

function indexesSection(rows: readonly IndexStatistics[]): Omit<Section, 'findings'> {
  const table = tableOf('indexes', rows.slice(0, rowsShown), [
    { title: 'index', text: ({ name }) => name },
    { title: 'table', text: ({ table: of }) => of },
    { title: 'size', text: ({ sizeBytes }) => bytes(sizeBytes), isNumber: true },
    {
      title: 'scans',
      text: ({ scans }) => count(scans),
      isNumber: true,
      level: ({ isUnused }) => (isUnused ? 'worse' : null),
    },
    { title: 'unique', text: ({ isUnique }) => (isUnique ? 'yes' : '') },
  ]);
  return { view: 'indexes', title: `The ${rowsShown} largest indexes`, tables: [table], notes: [] };
}

function tablesSection(rows: readonly TableStatistics[]): Omit<Section, 'findings'> {
  const table = tableOf('tables', rows, [
    { title: 'table', text: ({ name }) => name },
    { title: 'rows', text: ({ rows: estimated }) => count(estimated), isNumber: true },
    {
      title: 'dead rows',
      text: ({ deadRows }) => count(deadRows),
      isNumber: true,
      level: ({ rows: live, deadRows }) =>
        deadRows < 10_000 ? null : above(deadRows / Math.max(live, 1), 0.1, 0.2),
    },
    { title: 'size', text: ({ sizeBytes }) => bytes(sizeBytes), isNumber: true },
    { title: 'indexes', text: ({ indexBytes }) => bytes(indexBytes), isNumber: true },
    { title: 'last vacuum', text: ({ lastVacuumAt }) => moment(lastVacuumAt) },
    {
      title: 'last analyze',
      text: ({ lastAnalyzeAt }) => moment(lastAnalyzeAt),
      level: ({ rows: live, lastAnalyzeAt }) => (lastAnalyzeAt === null && live >= 10_000 ? 'bad' : null),
    },
  ]);
  return { view: 'tables', title: 'Tables, the largest first', tables: [table], notes: [] };
}
