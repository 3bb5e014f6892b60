import { v7 } from 'uuid';

const publicIdPattern = /^([a-z]+)_([0-9a-f]{32})$/;

/** The nil UUID (RFC 9562), which identifies nothing: for queries by an invalid id. */
export const noId = '00000000-0000-0000-0000-000000000000';

/** Creates a UUID v7 (RFC 9562); later ids of this process sort later. */
export function createId(): string {
  return v7();
}

/** The id that clients see: `<prefix>_<32 hex digits of the UUID>`. */
export function toPublicId(prefix: string, uuid: string): string {
  return `${prefix}_${withoutHyphens(uuid)}`;
}

/** The UUID behind a public id of that type, or null when the text is not such an id. */
export function fromPublicId(prefix: string, publicId: string): string | null {
  const [, type, hex] = publicIdPattern.exec(publicId) ?? [];
  if (type !== prefix || hex === undefined) return null;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Returns the text before the first underscore, which names the type; null if there is none. */
export function prefixOf(publicId: string): string | null {
  const end = publicId.indexOf('_');
  return end > 0 ? publicId.slice(0, end) : null;
}

/**
 * Creates one flat string; `replaceAll` and slices build a rope of a dozen, and a page of messages has
 * hundreds of ids.
 */
function withoutHyphens(uuid: string): string {
  const code = (at: number) => uuid.charCodeAt(at);
  // oxfmt-ignore
  return String.fromCharCode(
    code(0), code(1), code(2), code(3), code(4), code(5), code(6), code(7),
    code(9), code(10), code(11), code(12), code(14), code(15), code(16), code(17),
    code(19), code(20), code(21), code(22), code(24), code(25), code(26), code(27),
    code(28), code(29), code(30), code(31), code(32), code(33), code(34), code(35),
  );
}
