import { hash, randomBytes } from 'node:crypto';

const randomPartPattern = /^[A-Za-z0-9_-]{43}$/;

/** Creates a secret: a prefix for its kind and 32 random bytes as base64url. */
export function createSecret(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** Returns true for a text in the format of a secret with that prefix, existing or not. */
export function isSecret(prefix: string, text: string): boolean {
  return text.startsWith(prefix) && randomPartPattern.test(text.slice(prefix.length));
}

/**
 * Returns the SHA-256 in hexadecimal by which a secret is stored and found. Random bytes need no slow hash,
 * and the duration of a lookup reveals at most hashes, from which no secret can be derived.
 */
export function hashOfSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}
