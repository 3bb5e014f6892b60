import type { Entry } from './entry.ts';

/** A read through to the source that is under way, for one key or several. */
export interface Flight<Value> {
  /** The point in the invalidation log before it began. */
  readonly startedAt: number;
  /** One entry for each of the flight's keys. */
  readonly entries: Promise<ReadonlyMap<string, Entry<Value>>>;
}

/** The reads under way, by key: at most one that a newcomer can join for each. */
export class Flights<Value> {
  readonly #byKey = new Map<string, Flight<Value>>();

  find(key: string): Flight<Value> | undefined {
    return this.#byKey.get(key);
  }

  /** Begins a flight for these keys; for each it takes the place of an earlier one that nobody can join any more. */
  start(
    keys: readonly string[],
    startedAt: number,
    read: () => Promise<ReadonlyMap<string, Entry<Value>>>,
  ): Flight<Value> {
    // Landed before its readers wake: one that has to load again must not find this flight still in the air.
    const flight: Flight<Value> = { startedAt, entries: read().finally(() => this.#land(keys, flight)) };
    for (const key of keys) this.#byKey.set(key, flight);
    return flight;
  }

  #land(keys: readonly string[], flight: Flight<Value>): void {
    for (const key of keys) {
      if (this.#byKey.get(key) === flight) this.#byKey.delete(key);
    }
  }
}
