import type { Entry } from '../memory/entry.ts';

/** A load of one key or several that has not finished. */
export interface InFlightLoad<Value> {
  /** The position in the invalidation log before the load began. */
  readonly startedAt: number;
  /** The position in the order of all loads, from 1. */
  readonly number: number;
  /** An entry for each key of the load. */
  readonly entries: Promise<ReadonlyMap<string, Entry<Value>>>;
}

/** A bound that only bulk loads reach; beyond it a load is not joined, and a second reader loads again. */
const keysMax = 10_000;

/** Unfinished loads by key (single flight): at most one for each key that later readers can join. */
export class InFlightLoads<Value> {
  /** The number of loads since the start. */
  started = 0;
  readonly #byKey = new Map<string, InFlightLoad<Value>>();

  /** The load that a reader of the key can join. */
  find(key: string): InFlightLoad<Value> | undefined {
    return this.#byKey.get(key);
  }

  /** Starts a load; it replaces earlier ones of the same keys, which are then no longer joined. */
  start(
    keys: readonly string[],
    startedAt: number,
    read: () => Promise<ReadonlyMap<string, Entry<Value>>>,
  ): InFlightLoad<Value> {
    this.started += 1;
    const load: InFlightLoad<Value> = {
      startedAt,
      number: this.started,
      // Removed before its readers continue: a reader that has to load again must not join this load once
      // more.
      entries: read().finally(() => this.#remove(keys, load)),
    };
    for (const key of keys) {
      if (this.#byKey.has(key) || this.#byKey.size < keysMax) this.#byKey.set(key, load);
    }
    return load;
  }

  /** Resolves when those of the first `count` loads that contain one of the keys are settled. */
  async settled(keys: readonly string[], count: number): Promise<void> {
    const early = new Set<Promise<unknown>>();
    for (const key of keys) {
      const load = this.#byKey.get(key);
      if (load !== undefined && load.number <= count) early.add(load.entries);
    }
    if (early.size > 0) await Promise.allSettled(early);
  }

  #remove(keys: readonly string[], load: InFlightLoad<Value>): void {
    for (const key of keys) {
      if (this.#byKey.get(key) === load) this.#byKey.delete(key);
    }
  }
}
