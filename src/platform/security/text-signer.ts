import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

const keyBytes = 32;
/** Characters of a signature: 32 bytes as base64url. */
const signatureLength = 43;

/** Signatures of texts that are kept where others may write, by keys that only the servers know. */
export class TextSigner {
  readonly #keys: readonly Buffer[];

  /** The first secret signs, all of them verify; a purpose has keys of its own (HKDF, RFC 5869). */
  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = secrets.map((secret) =>
      Buffer.from(hkdfSync('sha256', secret, '', `parley ${purpose}`, keyBytes)),
    );
  }

  /** Returns the text with its signature, which is valid only together with the same context. */
  sign(context: string, text: string): string {
    const [key = Buffer.alloc(0)] = this.#keys;
    return signatureOf(key, context, text) + text;
  }

  /** Returns the text that was signed with this context; null if it was not, or was changed since. */
  verify(context: string, signed: string): string | null {
    const signature = Buffer.from(signed.slice(0, signatureLength));
    const text = signed.slice(signatureLength);
    const isSigned = this.#keys.some((key) => isSame(signature, signatureOf(key, context, text)));
    return isSigned ? text : null;
  }
}

function signatureOf(key: Buffer, context: string, text: string): string {
  // With the length, so that no part of the context can be taken for a part of the text.
  return createHmac('sha256', key).update(`${context.length}:${context}${text}`).digest('base64url');
}

function isSame(signature: Buffer, expected: string): boolean {
  return signature.length === expected.length && timingSafeEqual(signature, Buffer.from(expected));
}
