import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { Organisation } from './model.ts';

/**
 * Long enough to write with few requests, short enough for an operator who has just made the tenant by hand.
 */
const rememberedMs = 10_000;
const rememberedMax = 10_000;

/** Organisations that were none of our tenants a moment ago. */
export interface UnknownOrganisations {
  note(organisation: Organisation): void;
  includes(organisation: Organisation): boolean;
}

/** Creates an empty memory of unknown organisations. */
export function createUnknownOrganisations(clock: Clock): UnknownOrganisations {
  const lookAgainAt = new LRUCache<string, number>({ max: rememberedMax });
  return {
    note(organisation) {
      lookAgainAt.set(keyOf(organisation), clock.now() + rememberedMs);
    },
    includes(organisation) {
      return clock.now() < (lookAgainAt.get(keyOf(organisation)) ?? 0);
    },
  };
}

/** Excludes the role, which does not affect the tenant of an organisation. */
function keyOf({ id, slug }: Organisation): string {
  return JSON.stringify([id, slug]);
}
