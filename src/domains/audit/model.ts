import sql, { type Sql } from 'sql-template-tag';
import type { ErrorCode } from '../../platform/errors.ts';
import { createId } from '../../platform/ids.ts';
import type { Viewer } from '../session/model.ts';

/** An admin's action as a domain reports it. Contains no secret, message content or email address. */
export interface AuditNote {
  /** The mutation's name. */
  readonly action: string;
  /**
   * The public ID of the changed object, or another name if it has none; null if no object was found.
   */
  readonly target: string | null;
  /** Details such as the new values; lists and numbers rather than free text. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A row of the audit log: actor, action, tenant, time and result. */
export interface AuditEntry extends AuditNote {
  readonly id: string;
  readonly tenantId: string | null;
  /** Null for the command line, whose user needs no account. */
  readonly actorId: string | null;
  /** OK, or the code of the refusal. */
  readonly result: 'OK' | ErrorCode;
  readonly createdAt: Date;
}

/** Creates the entry of an action by a viewer, or by the command line. */
export function auditEntry(
  viewer: Viewer | null,
  note: AuditNote,
  createdAt: Date,
  result: AuditEntry['result'] = 'OK',
): AuditEntry {
  return {
    ...note,
    id: createId(),
    tenantId: viewer?.tenantId ?? null,
    actorId: viewer?.userId ?? null,
    result,
    createdAt,
  };
}

/**
 * The statement that stores an entry. With `changed`, the name of a part of the changing statement's `with`
 * that returns the changed row, the entry is stored only if there is a row, and atomically with the change.
 */
export function insertAudit(entry: AuditEntry, changed?: Sql): Sql {
  const { id, tenantId, actorId, action, target, result, details, createdAt } = entry;
  return sql`insert into audit_log (id, tenant_id, actor_id, action, target, result, details, created_at)
    select ${id}::uuid, ${tenantId}::uuid, ${actorId}::uuid, ${action}::text, ${target}::text, ${result}::text,
      ${JSON.stringify(details ?? {})}::jsonb, ${createdAt}::timestamptz
    ${changed === undefined ? sql`` : sql`where exists (select from ${changed})`}`;
}
