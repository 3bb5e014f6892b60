import Negotiator from 'negotiator';

/**
 * What an answer can be written as. The first is for those who don't mind (GraphQL over HTTP, legacy
 * watershed).
 */
const mediaTypes = [
  'application/json; charset=utf-8',
  'application/graphql-response+json; charset=utf-8',
] as const;

const pageType = 'text/html';

/** How an answer is labelled; it also decides its status, see `statusOfAnswer`. */
export type MediaType = (typeof mediaTypes)[number];

/**
 * The media type that the client likes best by its Accept header (RFC 9110, section 12.5.1); null when it
 * takes neither.
 */
export function chooseMediaType(accept: string | undefined): MediaType | null {
  // Most clients send one of these two; to parse them would give the same.
  if (accept === undefined || accept === '' || accept === '*/*') return mediaTypes[0];
  const chosen = negotiate(accept, mediaTypes);
  return mediaTypes.find((mediaType) => mediaType === chosen) ?? null;
}

/** Whether the client would rather have a page than an answer, as only a browser does. */
export function prefersPage(accept: string | undefined): boolean {
  // A browser names it; a wildcard alone asks for data.
  if (accept?.includes(pageType) !== true) return false;
  return negotiate(accept, [...mediaTypes, pageType]) === pageType;
}

function negotiate(accept: string, available: readonly string[]): string | undefined {
  return new Negotiator({ headers: { accept } }).mediaType(available);
}
