/**
 * The fields that a document selects below one place, by their names in the schema, not by their aliases.
 */
export class Selection {
  readonly #fields = new Map<string, Selection>();

  /** A field may occur several times: the selections below it are merged. */
  constructor(fields: Iterable<readonly [name: string, below: Selection]> = []) {
    for (const [name, below] of fields) {
      const known = this.#fields.get(name);
      this.#fields.set(name, known === undefined ? below : mergeSelections([known, below]));
    }
  }

  /** Returns the selection below a field; null if the field is not selected. */
  below(name: string): Selection | null {
    return this.#fields.get(name) ?? null;
  }

  /** Returns true if no fields but these are selected. */
  containsOnly(names: ReadonlySet<string>): boolean {
    for (const name of this.#fields.keys()) if (!names.has(name)) return false;
    return true;
  }

  /** Returns the selected fields, each with the selection below. */
  entries(): Iterable<readonly [name: string, below: Selection]> {
    return this.#fields.entries();
  }
}

/** Merges the selections of several places into one. */
export function mergeSelections(selections: readonly Selection[]): Selection {
  const [only = new Selection(), ...others] = selections;
  return others.length === 0 ? only : new Selection(selections.flatMap((each) => [...each.entries()]));
}

/** Returns the selection below a root field from the `info` of its resolver; null when graphql-js runs it. */
export function selectionOf(info: object): Selection | null {
  return 'selection' in info && info.selection instanceof Selection ? info.selection : null;
}
