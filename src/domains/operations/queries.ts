import sql from 'sql-template-tag';
import type { Database } from '../../platform/database/database.ts';

export type OperationsQueries = ReturnType<typeof createOperationsQueries>;

/** What admins of the platform ask of the database; it belongs to no tenant. */
export function createOperationsQueries(db: Database) {
  return {
    /** Lets every process hear what ended, by the names that triggers use. */
    async announce(names: readonly string[]): Promise<void> {
      await db.query(sql`select announce_invalidations(${names}::text[])`);
    },
  };
}
