/** An answer that has become larger than its limit while it was written. */
export class AnswerTooLarge extends Error {}

/** Bytes of the fields whose values are numbers, booleans or null, and of the punctuation around any. */
const fieldBytes = 8;

/** Counts an answer's bytes while it is written: of ASCII text exactly, of other text a third or more. */
export class AnswerSize {
  readonly #bytesMax: number;
  #bytes = 0;
  /** By aliases, an answer can contain the same value of free form many times. */
  #known: Map<object, number> | null = null;

  /** `bytesMax` may be Infinity. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws AnswerTooLarge */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#bytesMax) throw new AnswerTooLarge();
  }

  /**
   * Adds a leaf as its scalar serialized it.
   * @throws AnswerTooLarge
   */
  addLeaf(value: unknown): void {
    if (typeof value === 'string') this.add(value.length);
    else if (typeof value === 'object' && value !== null) this.add(this.#sizeOf(value));
  }

  /** Lets go of the values: the counter may live on for long after the run. */
  forget(): void {
    this.#known = null;
  }

  #sizeOf(value: object): number {
    const known = this.#known?.get(value);
    if (known !== undefined) return known;
    const bytes = jsonBytes(value, this.#bytesMax);
    this.#known ??= new Map();
    this.#known.set(value, bytes);
    return bytes;
  }
}

/** About the length of a value's JSON, without making it; goes no further than `max`. */
export function jsonBytes(value: unknown, max: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return fieldBytes;
  let bytes = 2;
  for (const [key, entry] of Object.entries(value)) {
    bytes += jsonBytes(entry, max - bytes) + (Array.isArray(value) ? 1 : key.length + 4);
    if (bytes > max) return bytes;
  }
  return bytes;
}

/** The bytes of an object without the texts in it, by its keys. */
export function objectBytes(keys: readonly string[]): number {
  return keys.reduce((total, key) => total + key.length + fieldBytes, 2);
}
