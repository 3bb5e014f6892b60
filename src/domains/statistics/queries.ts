import sql from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { inTransaction } from '../../platform/postgres/transaction.ts';
import type {
  BlockedStatement,
  ConnectionGroup,
  ConnectionStatistics,
  CredentialStatistics,
  DailyActivity,
  ExpiredRows,
  Finding,
  IndexStatistics,
  RemovedRows,
  SlowQuery,
  TableStatistics,
  TenantActivity,
} from './model.ts';

/** The database queries of statistics. */
export type StatisticsQueries = ReturnType<typeof createStatisticsQueries>;

// ANALYZE reads a sample of each table, which can be a gigabyte if rows are long.
const refreshMs = 300_000;
const weekMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Creates the database queries of statistics, which read the views and functions of the migration
 * `statistics`.
 */
export function createStatisticsQueries(db: Database) {
  return {
    ...createActivityQueries(db),
    ...createConnectionQueries(db),

    async slowQueries(limit: number): Promise<SlowQuery[]> {
      return db.query(sql`select query, least(calls, 2147483647)::integer as calls, mean_ms as "meanMs",
          max_ms as "maxMs", total_ms as "totalMs", least(rows, 2147483647)::integer as rows,
          cache_hit_rate as "cacheHitRate", is_slow as "isSlow", advice
        from slow_queries limit ${limit}`);
    },

    /** The reason why statements are missing in `slowQueries`; null if none is missing. */
    async statementNote(): Promise<string | null> {
      const [row] = await db.query<{ note: string | null }>(sql`select statement_statistics_note() as note`);
      return row?.note ?? null;
    },

    async tables(): Promise<TableStatistics[]> {
      return db.query(sql`select name, least(rows, 2147483647)::integer as rows,
          least(dead_rows, 2147483647)::integer as "deadRows", size_bytes as "sizeBytes", index_bytes as "indexBytes",
          last_vacuum_at as "lastVacuumAt", last_analyze_at as "lastAnalyzeAt"
        from table_stats`);
    },

    async indexes(filter: { readonly unusedOnly: boolean }): Promise<IndexStatistics[]> {
      return db.query(sql`select name, table_name as "table", least(scans, 2147483647)::integer as scans,
          size_bytes as "sizeBytes", is_unique as "isUnique", is_unused as "isUnused", advice
        from index_usage where is_unused or not ${filter.unusedOnly}::boolean`);
    },

    async findings(): Promise<Finding[]> {
      return db.query(sql`select kind, severity, subject, finding, advice from analyze_query_performance()`);
    },

    async expired(at: Date, changesKeptMs = weekMs): Promise<ExpiredRows[]> {
      return db.query(
        sql`select table_name as "table", rows, due_since as "dueSince" from expired_data(${at}, ${changesKeptMs} * interval '1 ms')`,
      );
    },

    /**
     * Deletes one batch from each table; does nothing while another process cleans up. `changesKeptMs` is the
     * time for which changes of messages are kept.
     */
    async removeExpired(batchSize: number, at: Date, changesKeptMs = weekMs): Promise<RemovedRows[]> {
      return db.query(sql`select table_name as "table", removed as rows
        from cleanup_expired_data(${batchSize}::integer, ${at}, ${changesKeptMs} * interval '1 ms')`);
    },

    /** Updates the planner's statistics of all tables. */
    async refresh(): Promise<void> {
      const statement = { text: 'select from refresh_table_statistics()', query_timeout: refreshMs };
      await inTransaction(db.pool, async (client) => {
        await client.query(sql`select set_config('statement_timeout', ${String(refreshMs)}, true)`);
        await client.query(statement);
      });
    },
  };
}

function createActivityQueries(db: Database) {
  return {
    /** Lists the activity of days, the newest first. */
    async dailyActivity(days: number, until: Date): Promise<DailyActivity[]> {
      return db.query(sql`select day::timestamp at time zone 'UTC' as date, active_users::integer as "activeUsers",
          new_users::integer as "newUsers", conversations::integer, messages::integer, sign_ins::integer as "signIns"
        from daily_activity(${days}::integer, ${until})`);
    },

    /** Lists the busiest tenants. */
    async tenantActivity(limit: number): Promise<TenantActivity[]> {
      return db.query(sql`select slug, members, active_sessions as "activeSessions", conversations,
          messages::float8, messages_today::float8 as "messagesToday",
          messages_of_last_30_days::float8 as "messagesOfLast30Days"
        from tenant_usage_stats limit ${limit}`);
    },

    async credentials(at: Date): Promise<CredentialStatistics> {
      const [row] = await db.query<CredentialStatistics>(sql`select
        (select count(*) from sessions where revoked_at is null and expires_at > ${at}) as "liveSessions",
        (select count(*) from sessions where created_at > ${at}::timestamptz - interval '1 day') as "sessionsOfToday",
        (select count(*) from api_keys where revoked_at is null and coalesce(expires_at > ${at}, true)) as "liveApiKeys",
        (select count(*) from api_keys where last_used_at > ${at}::timestamptz - interval '1 day') as "apiKeysUsedToday"`);
      if (row === undefined) throw new Error('The credential counts query returned no row.');
      return row;
    },
  };
}

function createConnectionQueries(db: Database) {
  return {
    async connections(): Promise<ConnectionStatistics> {
      // Sequentially, because monitoring must not use several of the connections that it counts.
      const [totals] = await db.query<Omit<ConnectionStatistics, 'groups' | 'blocked'>>(sql`select
          current_setting('max_connections')::integer as "connectionsMax", count(*) as connections,
          coalesce(extract(epoch from max(now() - xact_start)), 0)::float8 as "longestTransactionSeconds",
          coalesce(extract(epoch from max(now() - state_change) filter (where state like 'idle in transaction%')), 0)::float8
            as "longestIdleInTransactionSeconds"
        from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`);
      const groups = await db.query<ConnectionGroup>(sql`select
          coalesce(nullif(application_name, ''), '(unnamed)') as application,
          coalesce(state, '(hidden)') as state, count(*) as connections,
          coalesce(extract(epoch from max(now() - state_change)), 0)::float8 as "longestSeconds"
        from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
        group by 1, 2 order by connections desc, application, state`);
      const blocked = await db.query<BlockedStatement>(sql`select pid as "processId",
          pg_blocking_pids(pid) as "blockedBy",
          coalesce(extract(epoch from now() - query_start), 0)::float8 as "waitingSeconds",
          statement_preview(query) as query
        from pg_stat_activity where wait_event_type = 'Lock' order by "waitingSeconds" desc limit 20`);
      if (totals === undefined) throw new Error('The connection counts query returned no row.');
      return { ...totals, groups, blocked };
    },
  };
}
