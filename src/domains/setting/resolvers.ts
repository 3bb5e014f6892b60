import { viewerOf } from '../../graphql/access.ts';
import { answering } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { CompleteType, RootFields } from '../../graphql/resolver-types-strict.ts';

export const Query: RootFields<'Query', 'settings'> = {
  settings: (_parent, _args, { loaders }) => loaders.setting.current(),
};

export const Mutation: RootFields<'Mutation', 'updateSettings'> = {
  updateSettings: answering(async ({ input }, context) => {
    await context.services.setting.update(viewerOf(context), input);
    return { settings: await context.loaders.setting.current() };
  }),
};

export const Settings: CompleteType<'Settings'> = {
  defaultModel: batched((settings, _args, { loaders }) =>
    loaders.model.bySlugs(settings.map((row) => row.defaultModelSlug)),
  ),
};
