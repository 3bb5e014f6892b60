import { hash, randomBytes } from 'node:crypto';

const randomPartPattern = /^[A-Za-z0-9_-]{43}$/;

/** A new secret: its kind, by which it is recognised, and 32 random bytes as base64url. */
export function createSecret(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** Whether a text has the form of a secret of that kind; whether there is such a one is another matter. */
export function isSecret(prefix: string, text: string): boolean {
  return text.startsWith(prefix) && randomPartPattern.test(text.slice(prefix.length));
}

/**
 * SHA-256 in hexadecimal: what is stored of a secret, and what it is found by. Random bytes need no slow
 * hash, and nothing compares secrets: how long finding a hash takes tells something about hashes at most, and
 * no secret can be made to fit one.
 */
export function hashOfSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}
