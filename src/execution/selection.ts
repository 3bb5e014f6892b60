/** What a document asks for at one place: fields by their names in the schema, whatever they are answered under. */
export class Asked {
  readonly #fields = new Map<string, Asked>();

  /** The same name may come more than once: what is asked for below it is put together. */
  constructor(fields: Iterable<readonly [name: string, below: Asked]> = []) {
    for (const [name, below] of fields) {
      const known = this.#fields.get(name);
      this.#fields.set(name, known === undefined ? below : askedTogether([known, below]));
    }
  }

  /** What is asked for below a field; null where the field is not asked for. */
  below(name: string): Asked | null {
    return this.#fields.get(name) ?? null;
  }

  /** Whether nothing is asked for but fields of these names. */
  isWithin(names: ReadonlySet<string>): boolean {
    for (const name of this.#fields.keys()) if (!names.has(name)) return false;
    return true;
  }

  /** The fields, each with what is asked for below it. */
  entries(): Iterable<readonly [name: string, below: Asked]> {
    return this.#fields.entries();
  }
}

/** What is asked for at several places. */
export function askedTogether(all: readonly Asked[]): Asked {
  const [only = nothing, ...others] = all;
  return others.length === 0 ? only : new Asked(all.flatMap((asked) => [...asked.entries()]));
}

/** What is asked for below a root field, by the `info` that it is called with; null where only graphql-js knows. */
export function askedBelow(info: object): Asked | null {
  return 'asked' in info && info.asked instanceof Asked ? info.asked : null;
}

/** For values that have no fields. */
export const nothing = new Asked();
