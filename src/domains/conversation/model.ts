import sql, { type Sql } from 'sql-template-tag';
import type { Visibility } from '../../platform/database/generated/enums.ts';
import { isTenantAdmin, type Viewer } from '../session/model.ts';

/** People and models talking. */
export interface Conversation {
  readonly tenantId: string;
  readonly id: string;
  readonly ownerId: string | null;
  readonly title: string;
  readonly visibility: Visibility;
  readonly modelSlug: string | null;
  readonly externalId: string | null;
  readonly messageCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly archivedAt: Date | null;
}

/** A conversation that somebody may read, and whether they take part in it, by owning it or otherwise. */
export interface ConversationForWriting extends Conversation {
  readonly takesPart: boolean;
}

/** Finds one that the viewer may read; null when there is none of that UUID. */
export type FindForWriting = (viewer: Viewer, id: string) => Promise<ConversationForWriting | null>;

/** Whether somebody who may read a conversation may change it, delete it and say who takes part. */
export function mayChange(viewer: Viewer, conversation: Conversation): boolean {
  return conversation.ownerId === viewer.userId || isTenantAdmin(viewer);
}

/**
 * The conversations of table `c` that a person may read. Admins of the tenant: all of it. Members: what the tenant shares,
 * what they own and what they take part in. Guests: only what they take part in.
 */
export function whereReadable(viewer: Viewer): Sql {
  const ofTenant = sql`c.tenant_id = ${viewer.tenantId}::uuid`;
  const takesPart = sql`exists (select from participants own
    where own.tenant_id = c.tenant_id and own.conversation_id = c.id and own.user_id = ${viewer.userId}::uuid)`;
  switch (viewer.role) {
    case 'OWNER':
    case 'ADMIN':
      return ofTenant;
    case 'MEMBER':
      return sql`${ofTenant} and (c.visibility = 'TENANT' or c.owner_id = ${viewer.userId}::uuid or ${takesPart})`;
    case 'GUEST':
      return sql`${ofTenant} and ${takesPart}`;
  }
}
