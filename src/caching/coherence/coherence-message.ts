import { z } from 'zod';
import type { NamedInvalidation } from './coherence.ts';

/** The channel of triggers, and of messages from one process to all others. */
export const commonChannel = 'parley_cache';

/** The channel of one process. */
export function channelOf(processId: string): string {
  return `${commonChannel}_${processId}`;
}

const processId = z.uuid();
const number = z.int();

const messageSchema = z.union([
  // From triggers. All field names are a wire format that earlier releases share during a rolling restart.
  z.strictObject({ ended: z.array(z.string()) }),
  z.strictObject({ everything: z.literal(true) }),
  // From a process to all.
  z.strictObject({ epoch: number, name: z.string().optional() }),
  z.strictObject({ barrier: number, from: processId, isJoining: z.boolean() }),
  z.strictObject({ left: processId }),
  // From a process to itself.
  z.strictObject({ round: number }),
  z.strictObject({ probe: z.string() }),
  // Answers to the process that sent a barrier.
  z.strictObject({ heard: number, by: processId }),
  z.strictObject({ vouched: z.array(z.string()).readonly().nullable(), barrier: number, by: processId }),
]);

/** The payload of a notification, as JSON. */
export type CoherenceMessage = z.output<typeof messageSchema>;

/** A message and its channel. */
export interface Notification {
  readonly channel: string;
  readonly message: CoherenceMessage;
}

/** Parses a payload; an unknown message invalidates everything, because any invalidation is possible. */
export function parseMessage(payload: string): CoherenceMessage {
  try {
    return messageSchema.parse(JSON.parse(payload));
  } catch {
    return { everything: true };
  }
}

/** Parses `tag:<tag>`, `cache:<NAME>` or `key:<NAME>:<key>`; null for anything else. */
export function parseInvalidation(name: string): NamedInvalidation | null {
  const [, kind, rest = ''] = /^(tag|cache|key):(.*)$/s.exec(name) ?? [];
  if (kind === 'tag') return { tag: rest };
  if (kind === 'cache') return { cache: rest };
  const end = rest.indexOf(':');
  return kind === 'key' && end > 0 ? { cache: rest.slice(0, end), key: rest.slice(end + 1) } : null;
}

/** The name under which PostgreSQL announces an invalidation; the inverse of `parseInvalidation`. */
export function nameOfInvalidation(invalidation: NamedInvalidation): string {
  if ('tag' in invalidation) return `tag:${invalidation.tag}`;
  return 'key' in invalidation
    ? `key:${invalidation.cache}:${invalidation.key}`
    : `cache:${invalidation.cache}`;
}
