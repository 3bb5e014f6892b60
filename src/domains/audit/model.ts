import sql, { type Sql } from 'sql-template-tag';
import type { ErrorCode } from '../../platform/errors.ts';
import { createId } from '../../platform/ids.ts';
import type { Viewer } from '../session/model.ts';

/** An admin's action as a domain reports it. Contains no secret, message content or e-mail address. */
export interface AuditNote {
  /** The mutation's name. */
  readonly action: string;
  /**
   * The public id of what it was done to, or another name where that has none; null where nothing was found.
   */
  readonly target: string | null;
  /** Details such as the new values; lists and numbers rather than free text. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A row of the audit log: actor, action, tenant, time and result. */
export interface AuditEntry extends AuditNote {
  readonly id: string;
  readonly tenantId: string;
  readonly actorId: string;
  /** The code that it was refused with, or OK. */
  readonly result: 'OK' | ErrorCode;
  readonly createdAt: Date;
}

/** The entry about what a viewer does now. */
export function auditEntry(
  viewer: Viewer,
  note: AuditNote,
  createdAt: Date,
  result: AuditEntry['result'] = 'OK',
): AuditEntry {
  return {
    ...note,
    id: createId(),
    tenantId: viewer.tenantId,
    actorId: viewer.userId,
    result,
    createdAt,
  };
}

/**
 * The statement that stores an entry. As part of the statement that makes the change (`changed` names the
 * part of its `with` that answers a row for what was changed) it is kept with the change or not at all, and
 * only where something changed.
 */
export function insertAudit(entry: AuditEntry, changed?: Sql): Sql {
  const { id, tenantId, actorId, action, target, result, details, createdAt } = entry;
  return sql`insert into audit_log (id, tenant_id, actor_id, action, target, result, details, created_at)
    select ${id}::uuid, ${tenantId}::uuid, ${actorId}::uuid, ${action}::text, ${target}::text, ${result}::text,
      ${JSON.stringify(details ?? {})}::jsonb, ${createdAt}::timestamptz
    ${changed === undefined ? sql`` : sql`where exists (select from ${changed})`}`;
}
