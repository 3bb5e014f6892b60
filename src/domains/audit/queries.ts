import type { Database } from '../../platform/postgres/database.ts';
import { insertAudit, type AuditEntry } from './model.ts';

/** The database queries of the audit log. */
export type AuditQueries = ReturnType<typeof createAuditQueries>;

/** Creates the database queries of the audit log. */
export function createAuditQueries(db: Database) {
  return {
    /** Stores the entry of an action that changes no row; a change stores its own entry by `insertAudit`. */
    async insert(entry: AuditEntry): Promise<void> {
      await db.query(insertAudit(entry));
    },
  };
}
