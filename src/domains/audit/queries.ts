import type { Database } from '../../platform/postgres/database.ts';
import { insertAudit, type AuditEntry } from './model.ts';

export type AuditQueries = ReturnType<typeof createAuditQueries>;

export function createAuditQueries(db: Database) {
  return {
    /** For what changes no row; a change stores its entry with itself, by `insertAudit`. */
    async insert(entry: AuditEntry): Promise<void> {
      await db.query(insertAudit(entry));
    },
  };
}
