import type { Domain } from '../../graphql/domain.ts';
import { createEventQueries, type EventQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createEventService, type EventService } from './service.ts';

/** Events, as they happen. */
export const event: Domain<'event', EventQueries, null, EventService> = {
  resolvers,
  access: { Subscription: { messageEvents: { who: 'signedIn', scope: 'read' } } },
  queries: createEventQueries,
  loaders: () => null,
  service: ({ queries, live, ...dependencies }) =>
    createEventService({ ...dependencies, ...live, queries: queries.event }),
};
