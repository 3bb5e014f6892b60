import type { ColumnCatalog, Column } from '../../platform/postgres/column-catalog.ts';
import type { DailyActivity, IndexStatistics, SlowQuery, TableStatistics } from './model.ts';
import type { StatisticsQueries } from './queries.ts';

/** Loaders of PostgreSQL's statistics; the caller checks access, as the numbers cover all tenants. */
export interface StatisticsLoaders {
  slowQueries(limit: number): Promise<readonly SlowQuery[]>;
  tables(): Promise<readonly TableStatistics[]>;
  indexes(filter: { readonly unusedOnly: boolean }): Promise<readonly IndexStatistics[]>;
  dailyActivity(days: number, until: Date): Promise<readonly DailyActivity[]>;
  /** Finds a table; null if it does not exist. */
  columns(table: string): Promise<readonly Column[] | null>;
}

/** Creates the loaders of statistics for one request. */
export function createStatisticsLoaders(
  queries: StatisticsQueries,
  columnCatalog: Pick<ColumnCatalog, 'columnsOf'>,
): StatisticsLoaders {
  return {
    slowQueries: (limit) => queries.slowQueries(limit),
    tables: () => queries.tables(),
    indexes: (filter) => queries.indexes(filter),
    dailyActivity: (days, until) => queries.dailyActivity(days, until),
    async columns(table) {
      const [columns] = await columnCatalog.columnsOf([table]);
      return columns ?? null;
    },
  };
}
