/**
 * JSON that keeps what JSON loses: dates, bigints, undefined, NaN, the infinities and -0. Texts are kept as
 * they are; those that begin with the mark of the others get one more of it.
 *
 * @throws TypeError for what would not come back as it went (a Map, an instance of a class, a function, a
 * symbol, a value that contains itself)
 */
export function writeTypedJson(value: unknown): string {
  return JSON.stringify(marked(value, []));
}

/** What `writeTypedJson` wrote. The caller knows what it was, as with every parser. */
export function readTypedJson<Value>(text: string): Value {
  return unmarked(JSON.parse(text));
}

const mark = '\u0001';

function marked(value: unknown, parents: readonly object[]): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? mark + value : value;
  if (typeof value === 'bigint') return `${mark}n${value}`;
  if (value === undefined) return `${mark}u`;
  if (typeof value === 'number') return markedNumber(value);
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object') throw new TypeError(`A ${typeof value} cannot be written down.`);
  // By the time itself, because an invalid date has no text.
  if (value instanceof Date) return `${mark}d${value.getTime()}`;
  if (parents.includes(value)) throw new TypeError('A value that contains itself cannot be written down.');
  const path = [...parents, value];
  if (Array.isArray(value)) return Array.from(value, (part: unknown) => marked(part, path));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`A ${value.constructor.name} cannot be written down.`);
  }
  return withoutPrototype(Object.entries(value).map(([name, part]) => [name, marked(part, path)]));
}

function markedNumber(value: number): number | string {
  return Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : `${mark}f${Object.is(value, -0) ? '-0' : value}`;
}

// oxlint-disable-next-line typescript/no-explicit-any -- what it is, only whoever wrote it knows
function unmarked(value: any): any {
  if (typeof value === 'string') return value.startsWith(mark) ? unmarkedText(value.slice(1)) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(unmarked);
  for (const [name, part] of Object.entries(value)) {
    const plain: unknown = unmarked(part);
    // By definition, because an assignment to `__proto__` would do something else.
    if (plain !== part) Object.defineProperty(value, name, { value: plain });
  }
  return value;
}

function unmarkedText(text: string): unknown {
  const rest = text.slice(1);
  if (text.startsWith(mark)) return text;
  if (text.startsWith('n')) return BigInt(rest);
  if (text.startsWith('d')) return new Date(Number(rest));
  if (text.startsWith('f')) return Number(rest);
  return undefined;
}

function withoutPrototype(entries: readonly (readonly [string, unknown])[]): object {
  const object: object = Object.create(null);
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true });
  }
  return object;
}
