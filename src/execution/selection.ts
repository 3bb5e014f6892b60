/** What a document asks for at one place: fields by their names in the schema, whatever they are answered under. */
export class Selection {
  readonly #fields = new Map<string, Selection>();

  /** The same name may come more than once: what is asked for below it is put together. */
  constructor(fields: Iterable<readonly [name: string, below: Selection]> = []) {
    for (const [name, below] of fields) {
      const known = this.#fields.get(name);
      this.#fields.set(name, known === undefined ? below : mergeSelections([known, below]));
    }
  }

  /** What is asked for below a field; null where the field is not asked for. */
  below(name: string): Selection | null {
    return this.#fields.get(name) ?? null;
  }

  /** Whether nothing is asked for but fields of these names. */
  containsOnly(names: ReadonlySet<string>): boolean {
    for (const name of this.#fields.keys()) if (!names.has(name)) return false;
    return true;
  }

  /** The fields, each with what is asked for below it. */
  entries(): Iterable<readonly [name: string, below: Selection]> {
    return this.#fields.entries();
  }
}

/** What is asked for at several places. */
export function mergeSelections(all: readonly Selection[]): Selection {
  const [only = emptySelection, ...others] = all;
  return others.length === 0 ? only : new Selection(all.flatMap((selection) => [...selection.entries()]));
}

/** What is asked for below a root field, by the `info` that it is called with; null where only graphql-js knows. */
export function selectionOf(info: object): Selection | null {
  return 'selection' in info && info.selection instanceof Selection ? info.selection : null;
}

/** For values that have no fields. */
export const emptySelection = new Selection();
