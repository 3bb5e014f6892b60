import type { CursorShape, OrderingType, Position, PositionValue } from './paged-list.ts';

/** Changes when the meaning of a cursor changes; older cursors are then refused instead of misread. */
const version = 1;

/** Longer than any cursor that an ordering here can make: a title of 500 characters, escaped. */
const lengthMax = 8_000;

const base64UrlPattern = /^[A-Za-z0-9_-]+$/;
const uuidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** 0001-01-01 and 9999-12-31: the years that both JavaScript and PostgreSQL write with four digits. */
const timeMin = -62_135_596_800_000;
const timeMax = 253_402_300_799_999;

/** A place in a list as an opaque text, bound to the ordering. */
export function encodeCursor(shape: CursorShape, position: Position): string {
  return Buffer.from(JSON.stringify([version, shape.ordering, ...position])).toString('base64url');
}

/** The place that a cursor names; null when it cannot be read or belongs to another ordering. */
export function decodeCursor(shape: CursorShape, cursor: string): Position | null {
  const content = parse(cursor);
  if (!Array.isArray(content)) return null;
  const [foundVersion, foundName, ...values]: unknown[] = content;
  if (foundVersion !== version || foundName !== shape.ordering) return null;
  if (values.length !== shape.types.length) return null;

  const position: PositionValue[] = [];
  for (const [index, type] of shape.types.entries()) {
    const value = values[index];
    if (!isPositionValue(value) || !isOfType(type, value)) return null;
    position.push(value);
  }
  return position;
}

function parse(cursor: string): unknown {
  if (cursor.length > lengthMax || !base64UrlPattern.test(cursor)) return null;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    // Anything can arrive here; what is not JSON is simply no cursor, which the caller says with its own
    // error.
    return null;
  }
}

function isPositionValue(value: unknown): value is PositionValue {
  return typeof value === 'string' || typeof value === 'number';
}

function isOfType(type: OrderingType, value: PositionValue): boolean {
  switch (type) {
    case 'timestamptz':
      return Number.isInteger(value) && Number(value) >= timeMin && Number(value) <= timeMax;
    case 'integer':
      return Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31;
    case 'real':
      return (
        typeof value === 'number' && (value === 0 || (Math.abs(value) > 1e-37 && Math.abs(value) < 1e37))
      );
    case 'uuid':
      return typeof value === 'string' && uuidPattern.test(value);
    case 'text':
      return typeof value === 'string' && !value.includes('\u0000') && value.isWellFormed();
  }
}
