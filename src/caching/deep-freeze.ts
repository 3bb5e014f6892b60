const setterNames = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'));

const frozenDatePrototype: object = Object.freeze(
  Object.create(
    Date.prototype,
    Object.fromEntries(setterNames.map((name) => [name, { value: refuseToChangeDate }])),
  ),
);

/**
 * Freezes a value of primitives, plain objects, arrays and dates in place, so that it can be shared by
 * reference, and returns it. `Object.freeze` does not protect the time of a Date, so its setters are replaced
 * by ones that throw.
 *
 * @throws TypeError for anything else (a Map, a Buffer, a class instance), whose contents cannot be frozen
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
