import { z } from 'zod';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { NotFound } from '../../platform/errors.ts';
import { parseInput, textInput } from '../../platform/input.ts';
import { auditEntry } from '../audit/model.ts';
import type { Viewer } from '../session/model.ts';
import { modelIdOf, slugOf, slugPattern } from './model.ts';
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

/** The service for language models. */
export type ModelService = ReturnType<typeof createModelService>;

/** Creates the service for language models; each method returns the model's slug. */
export function createModelService(options: {
  readonly queries: ModelQueries;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
}) {
  const { queries, waitForInvalidation, clock } = options;

  return {
    /** @throws InvalidInput with every error of the input */
    async upsert(viewer: Viewer, input: unknown): Promise<string> {
      const { slug, ...rest } = parseInput(upsertSchema, input);
      const model = {
        ...rest,
        maxOutputTokens: rest.maxOutputTokens ?? null,
        inputPricePerMillion: rest.inputPricePerMillion ?? null,
        outputPricePerMillion: rest.outputPricePerMillion ?? null,
        isMock: rest.isMock ?? false,
      };
      const note = { action: 'upsertModel', target: modelIdOf(slug), details: model };
      await queries.upsert({ ...model, slug }, auditEntry(viewer, note, new Date(clock.now())));
      await waitForInvalidation();
      return slug;
    },

    /** Enables or disables a model. @throws NotFound */
    async setEnabled(viewer: Viewer, input: unknown): Promise<string> {
      const { modelId, isEnabled } = parseInput(setEnabledSchema, input);
      const slug = slugOf(modelId);
      const note = { action: 'setModelEnabled', target: modelId, details: { isEnabled } };
      const entry = auditEntry(viewer, note, new Date(clock.now()));
      if (slug === null || !(await queries.setEnabled(slug, isEnabled, entry))) {
        throw new NotFound('model', ['input', 'modelId']);
      }
      await waitForInvalidation();
      return slug;
    },
  };
}
