import type { Clock } from '../../platform/runtime/clock.ts';
import type { ErrorCode } from '../../platform/errors.ts';
import type { Viewer } from '../session/model.ts';
import { auditEntry, type AuditNote } from './model.ts';
import type { AuditQueries } from './queries.ts';

/** The service for the audit log. */
export type AuditService = ReturnType<typeof createAuditService>;

/**
 * Creates the service for the audit log. A mutation fails if its entry cannot be written, so that no admin's
 * action goes unrecorded.
 */
export function createAuditService(options: { readonly queries: AuditQueries; readonly clock: Clock }) {
  const { queries, clock } = options;

  return {
    /** Records an action outside of the database. */
    async done(viewer: Viewer, note: AuditNote): Promise<void> {
      await queries.insert(auditEntry(viewer, note, new Date(clock.now())));
    },

    /** Records an action that a signed-in user was refused. */
    async refused(viewer: Viewer, note: AuditNote, code: ErrorCode): Promise<void> {
      await queries.insert(auditEntry(viewer, note, new Date(clock.now()), code));
    },
  };
}
