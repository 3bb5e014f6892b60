import { viewerOf } from '../../graphql/access.ts';
import { answering } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { CompleteType, RootFields, TypeFields } from '../../graphql/resolver-types-strict.ts';
import { connectionsOf } from '../../graphql/connection.ts';
import { toPublicId } from '../../platform/ids.ts';

export const Mutation: RootFields<'Mutation', 'createApiKey' | 'revokeApiKey'> = {
  createApiKey: answering(({ input }, context) => context.services.apiKey.create(viewerOf(context), input)),
  revokeApiKey: answering(async ({ input }, context) => {
    const apiKey = await context.services.apiKey.revoke(viewerOf(context), input);
    if (apiKey.id === context.caller?.apiKeyId) context.dismissCaller();
    return { apiKey };
  }),
};

export const ApiKey: CompleteType<'ApiKey'> = {
  id: (apiKey) => toPublicId('key', apiKey.id),
};

export const User: TypeFields<'User', 'apiKeys'> = {
  apiKeys: batched((users, args, { loaders }) =>
    connectionsOf(
      loaders.apiKey.byUserId(),
      users.map((user) => user.id),
      args,
    ),
  ),
};
