import { createApiKeyQueries } from './domains/api-key/queries.ts';
import { createAuditQueries } from './domains/audit/queries.ts';
import { createConversationQueries } from './domains/conversation/queries.ts';
import { createIdentityQueries } from './domains/identity/queries.ts';
import { createMessageQueries } from './domains/message/queries.ts';
import { createModelQueries } from './domains/model/queries.ts';
import { createParticipantQueries } from './domains/participant/queries.ts';
import { createSessionQueries } from './domains/session/queries.ts';
import { createSettingQueries } from './domains/setting/queries.ts';
import { createStatisticsQueries } from './domains/statistics/queries.ts';
import { createTenantQueries } from './domains/tenant/queries.ts';
import { createUserQueries } from './domains/user/queries.ts';
import type { Database } from './platform/database/database.ts';
import type { Queries, ReadingQueries } from './server/request-context.ts';

/** Each domain's statements, over one database. */
export function createQueries(database: Database): Queries {
  return {
    audit: createAuditQueries(database),
    identity: createIdentityQueries(database),
    model: createModelQueries(database),
    setting: createSettingQueries(database),
    user: createUserQueries(database),
    ...createReadingQueries(database),
  };
}

/** The domains from which a request reads directly. What caches read belongs to all their readers, and is not among it. */
export function createReadingQueries(database: Database): ReadingQueries {
  return {
    apiKey: createApiKeyQueries(database),
    conversation: createConversationQueries(database),
    message: createMessageQueries(database),
    participant: createParticipantQueries(database),
    session: createSessionQueries(database),
    statistics: createStatisticsQueries(database),
    tenant: createTenantQueries(database),
  };
}
