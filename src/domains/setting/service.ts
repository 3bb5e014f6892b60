import { z } from 'zod';
import type { Cache } from '../../platform/cache/cache.ts';
import type { Clock } from '../../platform/clock.ts';
import { NotFound } from '../../platform/errors.ts';
import { parseInput } from '../../platform/input.ts';
import { slugOf, type Model } from '../model/model.ts';
import type { Settings } from './model.ts';
import type { SettingQueries } from './queries.ts';

const updateSchema = z.object({
  anonymousMockMode: z.boolean().optional(),
  defaultModelId: z.string().nullish(),
  maxMessageLength: z.int().min(1, 'must be at least 1').max(100_000, 'must be at most 100000').optional(),
  signUpEnabled: z.boolean().optional(),
});

export type SettingService = ReturnType<typeof createSettingService>;

/** The rules of changing the settings. */
export function createSettingService(options: {
  readonly queries: SettingQueries;
  readonly settings: Cache<Settings>;
  readonly findModels: (slugs: readonly (string | null)[]) => Promise<readonly (Model | null)[]>;
  readonly clock: Clock;
}) {
  const { queries, settings, findModels, clock } = options;

  return {
    /** @throws InputRefused with every fault of the input */
    async update(input: unknown): Promise<void> {
      const { defaultModelId, ...rest } = parseInput(updateSchema, input);
      const slug = typeof defaultModelId === 'string' ? slugOf(defaultModelId) : null;
      const [model] = await findModels([slug]);
      if (typeof defaultModelId === 'string' && (model ?? null) === null) {
        throw new NotFound('model', ['input', 'defaultModelId']);
      }
      await queries.update(
        {
          ...(rest.anonymousMockMode === undefined ? {} : { anonymousMockMode: rest.anonymousMockMode }),
          ...(rest.maxMessageLength === undefined ? {} : { maxMessageLength: rest.maxMessageLength }),
          ...(rest.signUpEnabled === undefined ? {} : { signUpEnabled: rest.signUpEnabled }),
          ...(defaultModelId === undefined ? {} : { defaultModelSlug: slug }),
        },
        new Date(clock.now()),
      );
      await settings.invalidate('all');
    },
  };
}
