import { createHash } from 'node:crypto';

/** Gives each text a name to be prepared under; '' means that it is not to be kept prepared. */
export type NameStatement = (text: string) => string;

/** Texts that were asked for once are remembered, so many times as many as may have names. */
const candidatesPerName = 4;

/**
 * Names made of a hash of the text, so that every process names a text alike. Each name keeps a plan in every
 * connection, and a caller that makes up texts without end (every filter with every order, a list of another
 * length each time) must not fill PostgreSQL's memory: at most `limit` texts have one. It is those that are
 * asked for again and again, since a name is given at the second time, and all names are given anew after
 * `periodMs`, the lifetime of a connection: what is rare does not keep its place, and what is common has it
 * back at once. A connection so holds the plans of two periods at the most.
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
  const askedOnce = new Set<string>();
  let endsAt = now() + periodMs;

  function beginAnew(): void {
    names.clear();
    askedOnce.clear();
    endsAt = now() + periodMs;
  }

  return (text) => {
    if (now() >= endsAt) beginAnew();
    const known = names.get(text);
    if (known !== undefined) return known;
    if (names.size >= limit) return '';
    if (!askedOnce.delete(text)) {
      if (askedOnce.size >= limit * candidatesPerName) askedOnce.clear();
      askedOnce.add(text);
      return '';
    }
    const name = `${prefix}_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
    names.set(text, name);
    return name;
  };
}
