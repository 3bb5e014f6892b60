import { viewerOf } from '../../graphql/access.ts';
import { answeringOr } from '../../graphql/answering.ts';
import type { RootFields } from '../../graphql/complete.ts';

export const Mutation: RootFields<'Mutation', 'invalidateCache' | 'warmCaches'> = {
  invalidateCache: answeringOr({ caches: [] }, async ({ input }, context) => ({
    caches: await context.services.operations.invalidateCache(viewerOf(context), input),
  })),
  warmCaches: answeringOr({ caches: [] }, async ({ input }, context) => ({
    caches: await context.services.operations.warmCaches(viewerOf(context), input),
  })),
};
