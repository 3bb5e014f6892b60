import type { EventPlace } from './model.ts';

/** Changes when the meaning of a cursor changes: older cursors are then rejected. */
const version = 1;
const charactersMax = 300;
const uuidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** A place in the events of a conversation, at a time. */
export interface CursorContent {
  readonly conversationId: string;
  readonly place: EventPlace;
  /** Milliseconds since the epoch. */
  readonly readAt: number;
}

/** Returns a place as an opaque text. */
export function encodeEventCursor({ conversationId, place, readAt }: CursorContent): string {
  const content = [version, conversationId, place.position, place.change, readAt];
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** Returns the place of a cursor; null for a text that is not such a cursor. */
export function decodeEventCursor(cursor: string): CursorContent | null {
  const [found, conversationId, position, change, readAt, ...rest] = parse(cursor);
  if (found !== version || rest.length > 0) return null;
  if (typeof conversationId !== 'string' || !uuidPattern.test(conversationId)) return null;
  if (!isCount(position) || !isCount(change) || !isCount(readAt, Number.MAX_SAFE_INTEGER)) return null;
  return { conversationId, place: { position, change }, readAt };
}

function parse(cursor: string): readonly unknown[] {
  if (cursor.length > charactersMax || !/^[\w-]+$/.test(cursor)) return [];
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(content) ? content : [];
  } catch {
    // Any text may arrive here; the caller rejects it with its own error.
    return [];
  }
}

function isCount(value: unknown, max = 2 ** 31 - 1): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}
