import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { isStorable } from './text.ts';

const bytesMax = 254;
const localBytesMax = 64;

/** Dot-separated atoms of RFC 5322, with the letters of all scripts that RFC 6531 adds. */
const localPattern = /^[^\s\p{C}"(),.:;<>@[\\\]]+(?:\.[^\s\p{C}"(),.:;<>@[\\\]]+)*$/u;
const unicodeDomainPattern = /^(?:[\p{L}\p{M}\p{N}.\u3002-]|\u200C|\u200D)+$/u;
const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Returns an address without surrounding whitespace and with its domain in ASCII, the form in which addresses
 * are stored and compared; null for a text that is no address. Follows RFC 6531, without quoted local parts
 * and address literals.
 */
export function emailAddressFrom(text: string): string | null {
  const trimmed = text.trim();
  const at = trimmed.lastIndexOf('@');
  const local = trimmed.slice(0, Math.max(0, at)).normalize('NFC');
  const domain = domainFrom(trimmed.slice(at + 1));
  if (domain === null || !isStorable(local) || !localPattern.test(local)) return null;
  if (Buffer.byteLength(local) > localBytesMax) return null;
  const address = `${local}@${domain}`;
  return Buffer.byteLength(address) <= bytesMax ? address : null;
}

/** A schema of email addresses. */
export const emailInput = z.string().transform((text, context) => {
  const address = emailAddressFrom(text);
  if (address !== null) return address;
  context.addIssue({
    code: 'custom',
    message: 'must be an email address such as someone@example.org',
  });
  return z.NEVER;
});

function domainFrom(text: string): string | null {
  if (!unicodeDomainPattern.test(text)) return null;
  const labels = domainToASCII(text).split('.');
  if (labels.length < 2 || !labels.every((label) => labelPattern.test(label))) return null;
  // The name of a top-level domain has letters; the URL parser takes other names for IPv4 addresses.
  return /[a-z]/.test(labels.at(-1) ?? '') ? labels.join('.') : null;
}
