import { viewerOf } from '../../graphql/access.ts';
import { withUserErrors } from '../../graphql/with-user-errors.ts';
import { batched } from '../../graphql/batched.ts';
import type { ResolversOf } from '../../graphql/resolver-types-strict.ts';
import type { RequestContext } from '../../graphql/context.ts';
import { mayUseModel, modelIdOf, slugOf, type Model as ModelRow } from './model.ts';

/** The queries of language models. */
export const Query: ResolversOf<'model', 'Query'> = {
  models: (_parent, args, { loaders }) => loaders.model.list(args.includeDisabled === true),
  model: (_parent, args, context) => modelBySlug(slugOf(args.id), context),
};

/** The mutations of language models. */
export const Mutation: ResolversOf<'model', 'Mutation'> = {
  upsertModel: withUserErrors(async ({ input }, context) => {
    const slug = await context.services.model.upsert(viewerOf(context), input);
    return { model: await modelBySlug(slug, context) };
  }),
  setModelEnabled: withUserErrors(async ({ input }, context) => {
    const slug = await context.services.model.setEnabled(viewerOf(context), input);
    return { model: await modelBySlug(slug, context) };
  }),
};

/** The fields of `Model` that this domain resolves. */
export const Model: ResolversOf<'model', 'Model'> = {
  id: (model) => modelIdOf(model.slug),
  isUsable: batched(async (models, _args, { loaders, viewer }) => {
    const settings = await loaders.setting.current();
    return models.map((model) => mayUseModel(viewer, model, settings));
  }),
};

async function modelBySlug(slug: string | null, { loaders }: RequestContext): Promise<ModelRow | null> {
  const [model] = await loaders.model.bySlugs([slug]);
  return model ?? null;
}
