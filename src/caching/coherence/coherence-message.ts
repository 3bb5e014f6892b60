import { z } from 'zod';
import type { NamedInvalidation } from './coherence.ts';

/** Where triggers announce what ended, and processes speak to all others. */
export const commonChannel = 'parley_cache';

/** Where one process is spoken to. */
export function channelOf(processId: string): string {
  return `${commonChannel}_${processId}`;
}

const processId = z.uuid();
const number = z.int();

const messageSchema = z.union([
  // What triggers say.
  z.strictObject({ ended: z.array(z.string()) }),
  z.strictObject({ everything: z.literal(true) }),
  // What processes say to all.
  z.strictObject({ epoch: number }),
  z.strictObject({ barrier: number, from: processId, isJoining: z.boolean() }),
  z.strictObject({ left: processId }),
  // What a process says to itself.
  z.strictObject({ round: number }),
  z.strictObject({ probe: z.string() }),
  // What processes answer to the one that has sent a barrier.
  z.strictObject({ heard: number, by: processId }),
  z.strictObject({ vouched: z.array(z.string()).readonly().nullable(), barrier: number, by: processId }),
]);

/** What goes through PostgreSQL's notifications, as JSON. */
export type CoherenceMessage = z.output<typeof messageSchema>;

/** A message and where it goes. */
export interface Notification {
  readonly channel: string;
  readonly message: CoherenceMessage;
}

/** What this version does not understand may have ended anything. */
export function parseMessage(payload: string): CoherenceMessage {
  try {
    return messageSchema.parse(JSON.parse(payload));
  } catch {
    return { everything: true };
  }
}

/** What `tag:<tag>`, `cache:<NAME>` or `key:<NAME>:<key>` stands for; null for anything else. */
export function parseInvalidation(name: string): NamedInvalidation | null {
  const [, kind, rest = ''] = /^(tag|cache|key):(.*)$/s.exec(name) ?? [];
  if (kind === 'tag') return { tag: rest };
  if (kind === 'cache') return { cache: rest };
  const end = rest.indexOf(':');
  return kind === 'key' && end > 0 ? { cache: rest.slice(0, end), key: rest.slice(end + 1) } : null;
}

/** The name by which PostgreSQL is asked to announce it. */
export function nameOfInvalidation(invalidation: NamedInvalidation): string {
  if ('tag' in invalidation) return `tag:${invalidation.tag}`;
  return 'key' in invalidation
    ? `key:${invalidation.cache}:${invalidation.key}`
    : `cache:${invalidation.cache}`;
}
