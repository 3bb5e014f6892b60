import type { Domain } from '../../graphql/domain.ts';
import { createAuditQueries, type AuditQueries } from './queries.ts';
import { createAuditService, type AuditService } from './service.ts';

/** The audit log of what admins do. */
export const audit: Domain<'audit', AuditQueries, null, AuditService> = {
  resolvers: {},
  access: {},
  queries: createAuditQueries,
  loaders: () => null,
  service: ({ queries, ...dependencies }) => createAuditService({ ...dependencies, queries: queries.audit }),
};
