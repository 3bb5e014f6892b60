import { readFile } from 'node:fs/promises';

/** The location of the provider's JSON Web Key Set. */
export type KeyLocation = { readonly url: string } | { readonly file: string };

const bytesMax = 256 * 1024;

/**
 * The text of a JSON Web Key Set.
 * @throws Error when it can't be read in time, is moved elsewhere, or is too large
 */
export async function readKeys(location: KeyLocation, timeoutMs = 3000): Promise<string> {
  if ('file' in location) return readFile(location.file, 'utf8');
  const response = await fetch(location.url, {
    headers: { accept: 'application/json, application/jwk-set+json' },
    // A redirect could lead to an attacker's keys.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`${location.url} answered ${response.status} instead of a JSON Web Key Set.`);
  }
  return textOf(response.body, location.url);
}

async function textOf(body: ReadableStream<Uint8Array>, url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > bytesMax) throw new Error(`${url} answered more than ${bytesMax} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
