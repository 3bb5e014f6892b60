import { v7 } from 'uuid';

/** The prefix that says which type a public id belongs to; `model_` ids are made of slugs instead of UUIDs. */
export type IdPrefix = 'tenant' | 'user' | 'session' | 'key' | 'conv' | 'msg' | 'exercise' | 'assignment';

const publicIdPattern = /^([a-z]+)_([0-9a-f]{32})$/;

/** The nil UUID (RFC 9562), which nothing has: for questions about what cannot exist. */
export const noId = '00000000-0000-0000-0000-000000000000';

/** A new UUID v7 (RFC 9562): ids made later in this process sort later. */
export function createId(): string {
  return v7();
}

/** The id that clients see: `<prefix>_<32 hex digits of the UUID>`. */
export function toPublicId(prefix: IdPrefix, uuid: string): string {
  return `${prefix}_${uuid.replaceAll('-', '')}`;
}

/** The UUID behind a public id of that type, or null when the text is not such an id. */
export function fromPublicId(prefix: IdPrefix, publicId: string): string | null {
  const match = publicIdPattern.exec(publicId);
  return match?.[1] === prefix && match[2] !== undefined ? withHyphens(match[2]) : null;
}

/** The part before the first underscore, which names the type; null when there is none. */
export function prefixOf(publicId: string): string | null {
  const end = publicId.indexOf('_');
  return end > 0 ? publicId.slice(0, end) : null;
}

function withHyphens(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
