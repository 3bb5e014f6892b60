/** Bytes of the header of an object or array, its hidden class and the slack of its fields. */
const objectBytes = 64;
const slotBytes = 16;
const stringBytes = 32;
const numberBytes = 16;
const dateBytes = 128;
/** Objects with more properties become hash tables, which own their keys. */
const fastPropertiesMax = 24;
const hashedPropertyBytes = 80;

const setterNames = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'));

const frozenDatePrototype: object = Object.freeze(
  Object.create(
    Date.prototype,
    Object.fromEntries(setterNames.map((name) => [name, { value: refuseToChangeDate }])),
  ),
);

/**
 * Freezes a value of primitives, plain objects, arrays and dates in place, so that it can be shared by
 * reference, and returns it. The setters of dates throw, because `Object.freeze` does not protect their time.
 *
 * @throws TypeError for anything else (a Map, a Buffer, a class instance), whose contents cannot be frozen
 */
export function deepFreeze<Value>(value: Value): Value {
  freezeAndMeasure(value);
  return value;
}

/**
 * Freezes a value as `deepFreeze` does, and returns an estimate of its bytes of heap, rather too high than
 * too low. Both in one walk, because every value that is cached passes here.
 */
export function freezeAndMeasure(value: unknown): number {
  return freezePart(value, []);
}

function freezePart(part: unknown, ancestors: object[]): number {
  // To find out that one byte per character is enough, all characters would have to be read.
  if (typeof part === 'string') return stringBytes + 2 * part.length;
  if (typeof part === 'number') return Number.isInteger(part) ? 0 : numberBytes;
  if (typeof part === 'function') throw new TypeError('A function cannot be frozen for sharing.');
  if (typeof part !== 'object' || part === null || ancestors.includes(part)) return 0;
  if (part instanceof Date) return freezeDate(part);
  ancestors.push(part);
  const bytes = Array.isArray(part) ? freezeItems(part, ancestors) : freezeProperties(part, ancestors);
  ancestors.pop();
  Object.freeze(part);
  return bytes;
}

function freezeItems(items: readonly unknown[], ancestors: object[]): number {
  let bytes = objectBytes + slotBytes * items.length;
  for (const item of items) bytes += freezePart(item, ancestors);
  return bytes;
}

function freezeProperties(object: object, ancestors: object[]): number {
  if (!isPlainObject(object)) {
    throw new TypeError(`A ${object.constructor.name} cannot be frozen for sharing.`);
  }
  let bytes = objectBytes;
  let count = 0;
  let keyBytes = 0;
  // Object.entries would make an array for each property.
  for (const key in object) {
    count += 1;
    keyBytes += stringBytes + hashedPropertyBytes + 2 * key.length;
    bytes += slotBytes + freezePart(object[key], ancestors);
  }
  return count > fastPropertiesMax ? bytes + keyBytes : bytes;
}

function freezeDate(date: Date): number {
  if (Object.getPrototypeOf(date) !== frozenDatePrototype) Object.setPrototypeOf(date, frozenDatePrototype);
  Object.freeze(date);
  return dateBytes;
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function refuseToChangeDate(): never {
  throw new TypeError('This date is shared and cannot be changed; make a new Date from it.');
}
