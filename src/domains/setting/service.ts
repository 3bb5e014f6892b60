import { z } from 'zod';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { NotFound } from '../../platform/errors.ts';
import { optionalText, parseInput } from '../../platform/input.ts';
import { auditEntry } from '../audit/model.ts';
import { slugOf, type Model } from '../model/model.ts';
import type { Viewer } from '../session/model.ts';
import type { SettingQueries } from './queries.ts';

/** The maximum in characters: at 4 bytes each they fit into a request unless JSON escapes them. */
const messageLengthMax = 60_000;

const updateSchema = z.object({
  anonymousMockMode: z.boolean().nullish(),
  defaultModelId: optionalText(z.string()),
  maxMessageLength: z
    .int()
    .min(1, 'must be at least 1')
    .max(messageLengthMax, `must be at most ${messageLengthMax}`)
    .nullish(),
  signUpEnabled: z.boolean().nullish(),
});

/** The service for settings. */
export type SettingService = ReturnType<typeof createSettingService>;

/** Creates the service for settings. */
export function createSettingService(options: {
  readonly queries: SettingQueries;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly findModels: (slugs: readonly (string | null)[]) => Promise<readonly (Model | null)[]>;
  readonly clock: Clock;
}) {
  const { queries, waitForInvalidation, findModels, clock } = options;

  return {
    /** @throws InvalidInput with every error of the input */
    async update(viewer: Viewer, input: unknown): Promise<void> {
      const { defaultModelId, ...rest } = parseInput(updateSchema, input);
      const slug = typeof defaultModelId === 'string' ? slugOf(defaultModelId) : null;
      const [model] = await findModels([slug]);
      if (typeof defaultModelId === 'string' && model?.isEnabled !== true) {
        throw new NotFound('model', ['input', 'defaultModelId']);
      }
      const changes = {
        anonymousMockMode: rest.anonymousMockMode ?? undefined,
        maxMessageLength: rest.maxMessageLength ?? undefined,
        signUpEnabled: rest.signUpEnabled ?? undefined,
        defaultModelSlug: defaultModelId === undefined ? undefined : slug,
      };
      const note = { action: 'updateSettings', target: 'settings', details: changes };
      await queries.update(changes, auditEntry(viewer, note, new Date(clock.now())));
      await waitForInvalidation();
    },
  };
}
