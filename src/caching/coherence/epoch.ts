/** The epoch that a statement read from the database. */
export interface Epoch {
  /** Increases by one with each new epoch, so that the later of two is known. */
  readonly number: number;
  /** Random, and different for every copy of the row: a restored dump or a replaced table has another one. */
  readonly name: string;
  /** The table in which the row is stored. */
  readonly table: string;
}

/** An epoch as a notification announces it; earlier releases omit the name. */
export interface AnnouncedEpoch {
  readonly epoch: number;
  readonly name?: string | undefined;
}

/** The epoch of one connection. Results of statements and notifications arrive in no order. */
export class KnownEpoch {
  #number = 0;
  #name: string | null = null;
  #table: string | null = null;

  /** Null while unknown: nothing may be read from or written to a shared store then. */
  get name(): string | null {
    return this.#name;
  }

  /** Takes an epoch from a statement; returns false if the table was restored from a dump meanwhile. */
  learn({ number, name, table }: Epoch): boolean {
    const isSameTable = this.#table === null || this.#table === table;
    this.#table = table;
    if (number < this.#number) return isSameTable;
    const isSameRow = number > this.#number || this.#name === null || this.#name === name;
    this.#number = number;
    this.#name = name;
    return isSameTable && isSameRow;
  }

  /** Takes an epoch from a notification. */
  announce({ epoch, name }: AnnouncedEpoch): void {
    if (epoch <= this.#number) return;
    this.#number = epoch;
    this.#name = name ?? null;
  }
}
