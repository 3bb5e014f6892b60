import { z } from 'zod';
import type { Cache } from '../../platform/cache/cache.ts';
import { NotFound } from '../../platform/errors.ts';
import { parseInput, textInput } from '../../platform/input.ts';
import { slugOf, slugPattern, type Model } from './model.ts';
import type { ModelQueries } from './queries.ts';

const tokens = z.int().min(1, 'must be at least 1');
const price = z.number().min(0, 'must be 0 or more').nullish();

const upsertSchema = z.object({
  slug: z
    .string()
    .regex(
      slugPattern,
      'must be 1 to 100 of a-z, 0-9, dot, dash and underscore, the first a letter or digit',
    ),
  name: textInput({ min: 1, max: 200 }),
  provider: textInput({ min: 1, max: 100 }),
  contextWindow: tokens,
  maxOutputTokens: tokens.nullish(),
  inputPricePerMillion: price,
  outputPricePerMillion: price,
  isMock: z.boolean().nullish(),
});

const setEnabledSchema = z.object({ modelId: z.string(), isEnabled: z.boolean() });

export type ModelService = ReturnType<typeof createModelService>;

/** The rules of changing models; each answers the model's slug. */
export function createModelService(options: {
  readonly queries: ModelQueries;
  readonly models: Cache<readonly Model[]>;
}) {
  const { queries, models } = options;

  return {
    /** @throws InputRefused with every fault of the input */
    async upsert(input: unknown): Promise<string> {
      const model = parseInput(upsertSchema, input);
      await queries.upsert({
        ...model,
        maxOutputTokens: model.maxOutputTokens ?? null,
        inputPricePerMillion: model.inputPricePerMillion ?? null,
        outputPricePerMillion: model.outputPricePerMillion ?? null,
        isMock: model.isMock ?? false,
      });
      await models.invalidate('all');
      return model.slug;
    },

    /** @throws NotFound */
    async setEnabled(input: unknown): Promise<string> {
      const { modelId, isEnabled } = parseInput(setEnabledSchema, input);
      const slug = slugOf(modelId);
      if (slug === null || !(await queries.setEnabled(slug, isEnabled))) {
        throw new NotFound('model', ['input', 'modelId']);
      }
      await models.invalidate('all');
      return slug;
    },
  };
}
