import { answeringOr } from '../../graphql/answering.ts';
import type { RootFields } from '../../graphql/complete.ts';

export const Mutation: RootFields<'Mutation', 'invalidateCache'> = {
  invalidateCache: answeringOr({ caches: [] }, async ({ input }, { services }) => ({
    caches: await services.operations.invalidateCache(input),
  })),
};
