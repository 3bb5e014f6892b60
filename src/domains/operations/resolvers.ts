import { answering } from '../../graphql/answering.ts';
import type { RootFields } from '../../graphql/complete.ts';

export const Mutation: RootFields<'Mutation', 'invalidateCache'> = {
  invalidateCache: answering(
    async ({ input }, { services }) => ({ caches: await services.operations.invalidateCache(input) }),
    { caches: [] },
  ),
};
