import { viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { connectionsOf } from '../../graphql/connection.ts';
import { toPublicId } from '../../platform/ids.ts';

/** Mutations of API keys. */
export const Mutation: ResolversOf<'apiKey', 'Mutation'> = {
  createApiKey: withUserErrors(({ input }, context) =>
    context.services.apiKey.create(viewerOf(context), input),
  ),
  revokeApiKey: withUserErrors(async ({ input }, context) => {
    const apiKey = await context.services.apiKey.revoke(viewerOf(context), input);
    if (apiKey.id === context.caller?.apiKeyId) context.signOutCaller();
    return { apiKey };
  }),
};

/** Fields of an API key. */
export const ApiKey: ResolversOf<'apiKey', 'ApiKey'> = {
  id: (apiKey) => toPublicId('key', apiKey.id),
};

/** The API keys of a user. */
export const User: ResolversOf<'apiKey', 'User'> = {
  apiKeys: batched((users, args, { loaders }) =>
    connectionsOf(
      loaders.apiKey.byUserId(),
      users.map((user) => user.id),
      args,
    ),
  ),
};
