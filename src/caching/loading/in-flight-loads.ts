import type { Entry } from '../memory/entry.ts';

/** A read through to the source that is under way, for one key or several. */
export interface Flight<Value> {
  /** The point in the invalidation log before it began. */
  readonly startedAt: number;
  /** Its place in the order of all flights, from 1. */
  readonly number: number;
  /** One entry for each of the flight's keys. */
  readonly entries: Promise<ReadonlyMap<string, Entry<Value>>>;
}

/** The reads under way, by key: at most one that a newcomer can join for each. */
export class Flights<Value> {
  /** How many have begun. */
  started = 0;
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
    this.started += 1;
    const flight: Flight<Value> = {
      startedAt,
      number: this.started,
      // Landed before its readers wake: one that has to load again must not find this flight still in the air.
      entries: read().finally(() => this.#land(keys, flight)),
    };
    for (const key of keys) this.#byKey.set(key, flight);
    return flight;
  }

  /** When those of the first `count` flights that carry one of the keys have landed, however they ended. */
  async landed(keys: readonly string[], count: number): Promise<void> {
    const early = new Set<Promise<unknown>>();
    for (const key of keys) {
      const flight = this.#byKey.get(key);
      if (flight !== undefined && flight.number <= count) early.add(flight.entries);
    }
    if (early.size > 0) await Promise.allSettled(early);
  }

  #land(keys: readonly string[], flight: Flight<Value>): void {
    for (const key of keys) {
      if (this.#byKey.get(key) === flight) this.#byKey.delete(key);
    }
  }
}
