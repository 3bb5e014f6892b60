import type { RootFields } from './resolver-types-strict.ts';

/** What the front door has charged; nothing is counted again. */
export const Query: RootFields<'Query', 'rateLimit'> = {
  rateLimit: (_parent, _args, { rateLimit }) => rateLimit,
};
