import { createHash } from 'node:crypto';

/** Gives each text a name to be prepared under; '' means that it is not to be kept prepared. */
export type NameStatement = (text: string) => string;

/**
 * Names made of a hash of the text, so that every process names a text alike. Only the first `limit` texts get one: each
 * name keeps a plan in every connection, and a caller that makes up texts without end (a list of another length each
 * time) must not fill PostgreSQL's memory.
 */
export function createStatementNames(prefix: string, limit: number): NameStatement {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    if (names.size >= limit) return '';
    const name = `${prefix}_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
    names.set(text, name);
    return name;
  };
}
