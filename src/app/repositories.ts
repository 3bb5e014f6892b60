import { createApiKeyQueries } from '../domains/api-key/queries.ts';
import { createAuditQueries } from '../domains/audit/queries.ts';
import { createConversationQueries } from '../domains/conversation/queries.ts';
import { createIdentityQueries } from '../domains/identity/queries.ts';
import { createMessageQueries } from '../domains/message/queries.ts';
import { createModelQueries } from '../domains/model/queries.ts';
import { createParticipantQueries } from '../domains/participant/queries.ts';
import { createSessionQueries } from '../domains/session/queries.ts';
import { createSettingQueries } from '../domains/setting/queries.ts';
import { createStatisticsQueries } from '../domains/statistics/queries.ts';
import { createTenantQueries } from '../domains/tenant/queries.ts';
import { createUserQueries } from '../domains/user/queries.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Queries, QueriesUntil } from './request-context.ts';

/** Each domain's statements, over one database. */
export function createQueries(database: Database): Queries {
  return {
    audit: createAuditQueries(database),
    apiKey: createApiKeyQueries(database),
    conversation: createConversationQueries(database),
    identity: createIdentityQueries(database),
    message: createMessageQueries(database),
    model: createModelQueries(database),
    participant: createParticipantQueries(database),
    session: createSessionQueries(database),
    setting: createSettingQueries(database),
    statistics: createStatisticsQueries(database),
    tenant: createTenantQueries(database),
    user: createUserQueries(database),
  };
}

/**
 * The domains from which a request reads directly, each made only when one is read from. What caches read belongs to all their
 * readers, and is not among it.
 */
export function createReadingQueries(database: Database): QueriesUntil {
  return {
    apiKey: (cancellation) => createApiKeyQueries(database.until(cancellation)),
    conversation: (cancellation) => createConversationQueries(database.until(cancellation)),
    message: (cancellation) => createMessageQueries(database.until(cancellation)),
    participant: (cancellation) => createParticipantQueries(database.until(cancellation)),
    session: (cancellation) => createSessionQueries(database.until(cancellation)),
    statistics: (cancellation) => createStatisticsQueries(database.until(cancellation)),
    tenant: (cancellation) => createTenantQueries(database.until(cancellation)),
  };
}
