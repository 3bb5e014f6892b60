const setterNames = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'));

const frozenDatePrototype: object = Object.freeze(
  Object.create(
    Date.prototype,
    Object.fromEntries(setterNames.map((name) => [name, { value: refuseToChangeDate }])),
  ),
);

/**
 * Makes a value safe to share by reference: from here on, changing anything in it throws a TypeError. Freezes in place
 * and returns the same value.
 *
 * It may hold primitives, plain objects, arrays and dates. `Object.freeze` does not reach the time inside a Date, so a
 * date's setters are replaced by ones that throw; it stays a Date in every other respect.
 *
 * @throws TypeError for anything else (a Map, a Buffer, an instance of a class): what they hold can't be frozen
 */
export function deepFreeze<Value>(value: Value, visited = new Set<object>()): Value {
  if (typeof value === 'function') throw new TypeError('A function cannot be frozen for sharing.');
  if (typeof value !== 'object' || value === null || visited.has(value)) return value;
  visited.add(value);
  if (value instanceof Date) return freezeDate(value);
  if (!Array.isArray(value) && !isPlainObject(value)) {
    throw new TypeError(`A ${value.constructor.name} cannot be frozen for sharing.`);
  }
  for (const part of Object.values(value)) deepFreeze(part, visited);
  return Object.freeze(value);
}

function freezeDate<Value extends Date>(date: Value): Value {
  if (Object.getPrototypeOf(date) !== frozenDatePrototype) Object.setPrototypeOf(date, frozenDatePrototype);
  return Object.freeze(date);
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function refuseToChangeDate(): never {
  throw new TypeError('This date is shared and cannot be changed; make a new Date from it.');
}
