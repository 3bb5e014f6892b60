import sql from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';

/** The database queries of operations. */
export type OperationsQueries = ReturnType<typeof createOperationsQueries>;

/** Creates the database queries of platform admins, which belong to no tenant. */
export function createOperationsQueries(db: Database) {
  return {
    /** Checks that the database responds. */
    async ping(): Promise<void> {
      await db.query(sql`select 1`);
    },

    /** The names of the applied migrations, oldest first. */
    async appliedMigrations(): Promise<readonly string[]> {
      const rows = await db.query<{ name: string }>(sql`select migration_name as name from _prisma_migrations
        where finished_at is not null and rolled_back_at is null order by migration_name`);
      return rows.map(({ name }) => name);
    },

    /** Notifies every process of invalidated tags, by the names that triggers use. */
    async announce(names: readonly string[]): Promise<void> {
      await db.query(sql`select announce_invalidations(${names}::text[])`);
    },
  };
}
