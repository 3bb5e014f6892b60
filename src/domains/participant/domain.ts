import type { Domain } from '../../graphql/domain.ts';
import { createParticipantLoaders, type ParticipantLoaders } from './loaders.ts';
import { createParticipantQueries, type ParticipantQueries } from './queries.ts';
import * as resolvers from './resolvers.ts';
import { createParticipantService, type ParticipantService } from './service.ts';

/** Participants of conversations. */
export const participant: Domain<'participant', ParticipantQueries, ParticipantLoaders, ParticipantService> =
  {
    resolvers,
    access: {
      Mutation: {
        addParticipant: { who: 'signedIn', scope: 'write' },
        removeParticipant: { who: 'signedIn', scope: 'write' },
      },
    },
    queries: createParticipantQueries,
    loaders: ({ database, viewer }) => createParticipantLoaders(createParticipantQueries(database), viewer),
    service: ({ queries, ...dependencies }) =>
      createParticipantService({ ...dependencies, queries: queries.participant }),
  };
