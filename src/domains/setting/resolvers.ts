import { viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import { settingsId } from './model.ts';

/** The queries of settings. */
export const Query: ResolversOf<'setting', 'Query'> = {
  settings: (_parent, _args, { loaders }) => loaders.setting.current(),
};

/** The mutations of settings. */
export const Mutation: ResolversOf<'setting', 'Mutation'> = {
  updateSettings: withUserErrors(async ({ input }, context) => {
    await context.services.setting.update(viewerOf(context), input);
    return { settings: await context.loaders.setting.current() };
  }),
};

/** The fields of `Settings` that this domain resolves. */
export const Settings: ResolversOf<'setting', 'Settings'> = {
  id: () => settingsId,
  defaultModel: batched((settings, _args, { loaders }) =>
    loaders.model.bySlugs(settings.map((row) => row.defaultModelSlug)),
  ),
};
