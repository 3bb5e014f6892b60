import { createHash } from 'node:crypto';

/** Returns the name under which a text is prepared; '' for a text that is not kept prepared. */
export type NameStatement = (text: string) => string;

/** The number of texts that were requested once and are remembered, for each name. */
const candidatesPerName = 4;

/**
 * Creates names from a hash of the text, the same in every process; only a text that is requested again gets
 * one. At most `limit` names exist, and all are assigned again after `periodMs`, the lifetime of a
 * connection: each keeps a plan in every connection, and texts without end (filters with orders, lists of any
 * length) must not fill PostgreSQL's memory.
 */
export function createStatementNames(options: {
  readonly prefix: string;
  readonly limit: number;
  readonly periodMs: number;
  /** In milliseconds. */
  readonly now: () => number;
}): NameStatement {
  const { prefix, limit, periodMs, now } = options;
  const names = new Map<string, string>();
  const requestedOnce = new Set<string>();
  let endsAt = now() + periodMs;

  function reset(): void {
    names.clear();
    requestedOnce.clear();
    endsAt = now() + periodMs;
  }

  return (text) => {
    if (now() >= endsAt) reset();
    const known = names.get(text);
    if (known !== undefined) return known;
    if (names.size >= limit) return '';
    if (!requestedOnce.delete(text)) {
      if (requestedOnce.size >= limit * candidatesPerName) requestedOnce.clear();
      requestedOnce.add(text);
      return '';
    }
    const name = `${prefix}_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
    names.set(text, name);
    return name;
  };
}
