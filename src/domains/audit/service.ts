import type { Clock } from '../../platform/runtime/clock.ts';
import type { ErrorCode } from '../../platform/errors.ts';
import type { Viewer } from '../session/model.ts';
import { auditEntry, type AuditNote } from './model.ts';
import type { AuditQueries } from './queries.ts';

export type AuditService = ReturnType<typeof createAuditService>;

/**
 * Keeps account of what admins do. A failure to write is the mutation's failure: nothing that an admin may do
 * goes without its entry.
 */
export function createAuditService(options: { readonly queries: AuditQueries; readonly clock: Clock }) {
  const { queries, clock } = options;

  return {
    /** Something that was done outside of the database. */
    async done(viewer: Viewer, note: AuditNote): Promise<void> {
      await queries.insert(auditEntry(viewer, note, new Date(clock.now())));
    },

    /** Something that somebody who is signed in tried and was refused. */
    async refused(viewer: Viewer, note: AuditNote, code: ErrorCode): Promise<void> {
      await queries.insert(auditEntry(viewer, note, new Date(clock.now()), code));
    },
  };
}
