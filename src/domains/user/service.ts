import { z } from 'zod';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { jsonInput, optionalText, parseInput, textInput } from '../../platform/input.ts';
import type { Viewer } from '../session/model.ts';
import type { UserQueries } from './queries.ts';

const updateProfileSchema = z.object({
  firstName: optionalText(textInput({ min: 1, max: 100 })),
  lastName: optionalText(textInput({ min: 1, max: 100 })),
  bio: textInput({ min: 0, max: 2000 }).nullable().optional(),
  avatarUrl: optionalText(
    textInput({ min: 1, max: 2000 }).refine(isWebAddress, 'must be an http or https address'),
  ),
  locale: optionalText(textInput({ min: 2, max: 50 }).refine(isLocale, 'must be a language tag')),
  timezone: optionalText(textInput({ min: 1, max: 100 }).refine(isTimeZone, 'must be a known time zone')),
  preferences: jsonInput
    .nullable()
    .transform((preferences) => preferences ?? {})
    .optional(),
});

/** The service for users. */
export type UserService = ReturnType<typeof createUserService>;

/** Creates the service by which users change their own data. */
export function createUserService(options: {
  readonly queries: UserQueries;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
}) {
  const { queries, waitForInvalidation, clock } = options;

  return {
    /** @throws InvalidInput with every error of the input */
    async updateProfile(viewer: Viewer, input: unknown): Promise<void> {
      const changes = parseInput(updateProfileSchema, input);
      await queries.updateProfile(viewer.tenantId, viewer.userId, changes, new Date(clock.now()));
      await waitForInvalidation();
    },

    /** Completes the onboarding; has no effect if it is completed already. */
    async completeOnboarding(viewer: Viewer): Promise<void> {
      await queries.completeOnboarding(viewer.tenantId, viewer.userId);
      await waitForInvalidation();
    },
  };
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/\S+$/.test(text) && URL.canParse(text);
}

function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    // Intl throws for an invalid language tag; the caller reports it to the client.
    return false;
  }
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    // Intl throws for an unknown time zone; the caller reports it to the client.
    return false;
  }
}
