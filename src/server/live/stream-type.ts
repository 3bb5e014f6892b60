/** The media types of streamed responses. */
export type StreamType = 'text/event-stream' | 'multipart/mixed';

/**
 * Returns the media type of a streamed response that the client accepts; null if it accepts none. Apollo
 * Client names the version of its protocol beside multipart/mixed.
 */
export function chooseStreamType(accept: string | undefined): StreamType | null {
  if (accept === undefined) return null;
  if (/(^|,)\s*text\/event-stream\b/i.test(accept)) return 'text/event-stream';
  const isMultipart = /(^|,)\s*multipart\/mixed\b[^,]*;\s*subscriptionspec\s*=\s*"?1\.0/i.test(accept);
  return isMultipart ? 'multipart/mixed' : null;
}
