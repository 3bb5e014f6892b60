import type { Clock } from '../clock.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { EntryStore } from './entry-store.ts';
import { markOfKey, markOfTag, type Entry } from './entry.ts';
import { Flights, type Flight } from './flights.ts';
import type { InvalidationLog } from './invalidation-log.ts';

/** Reads the values of several keys from the source; a key without an answer has no value. */
export type LoadMissing<Value> = (missing: readonly string[]) => Promise<ReadonlyMap<string, Value | null>>;

interface ReadThroughOptions<Value> {
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  readonly tagsOf: (value: Value | null, key: string) => readonly string[];
  readonly clock: Clock;
  readonly random?: () => number;
  readonly entries: EntryStore<Value>;
  readonly log: InvalidationLog;
}

const ttlJitter = 0.1;

/** Reading from the store, and from the source what the store lacks: each key by one reader, for all that wait. */
export class ReadThrough<Value> {
  readonly counts = { hits: 0, misses: 0, coalesced: 0 };
  readonly #options: ReadThroughOptions<Value>;
  readonly #flights = new Flights<Value>();

  constructor(options: ReadThroughOptions<Value>) {
    this.#options = options;
  }

  /** The values of the keys in their order; rejects only as `load` does, its own or one that it waited for. */
  async gather(keys: readonly string[], load: LoadMissing<Value>): Promise<(Value | null)[]> {
    const arrivedAt = this.#options.log.sequence;
    const values = new Map<string, Value | null>();
    let wanted = this.#takeHeld(keys, values);
    // At most twice round: whatever is in the air the second time took off after this reader arrived.
    while (wanted.length > 0) {
      const flights = this.#board(wanted, load);
      // All at once, so that a second failing flight is never an unhandled rejection.
      await Promise.all(Array.from(flights.keys(), (flight) => flight.entries));
      wanted = [];
      for (const [flight, boarded] of flights) {
        wanted.push(...this.#unload(boarded, await flight.entries, arrivedAt, values));
      }
    }
    return keys.map((key) => values.get(key) ?? null);
  }

  /** Fills in what memory knows; returns the other keys, each once. */
  #takeHeld(keys: readonly string[], values: Map<string, Value | null>): string[] {
    const now = this.#options.clock.now();
    const missing = new Set<string>();
    for (const key of keys) {
      const entry = missing.has(key) ? undefined : this.#options.entries.held(key, now);
      if (entry !== undefined) {
        this.counts.hits += 1;
        values.set(key, entry.value);
      } else if (missing.has(key)) {
        this.counts.coalesced += 1;
      } else {
        missing.add(key);
      }
    }
    return [...missing];
  }

  /** Puts every key on a flight: on one that is under way where that can serve it, all others on one new flight. */
  #board(keys: readonly string[], load: LoadMissing<Value>): Map<Flight<Value>, string[]> {
    const boarded = new Map<Flight<Value>, string[]>();
    const unserved: string[] = [];
    for (const key of keys) {
      const flight = this.#flights.find(key);
      // Its other tags are not known before it lands; they are looked at then.
      if (flight === undefined || this.#options.log.hasOvertaken([markOfKey(key)], flight.startedAt)) {
        unserved.push(key);
        continue;
      }
      this.counts.coalesced += 1;
      const others = boarded.get(flight);
      if (others === undefined) boarded.set(flight, [key]);
      else others.push(key);
    }
    if (unserved.length > 0) {
      const { sequence } = this.#options.log;
      const flight = this.#flights.start(unserved, sequence, () => this.#read(unserved, load));
      boarded.set(flight, unserved);
    }
    return boarded;
  }

  /** Fills in what a flight brought; returns the keys whose value is too old for a reader who arrived at that point. */
  #unload(
    keys: readonly string[],
    entries: ReadonlyMap<string, Entry<Value>>,
    arrivedAt: number,
    values: Map<string, Value | null>,
  ): string[] {
    return keys.filter((key) => {
      const entry = entries.get(key);
      if (entry === undefined) return true;
      const isOld = entry.survivedUntil < arrivedAt;
      if (isOld && this.#options.log.hasOvertaken(entry.marks, entry.survivedUntil)) return true;
      values.set(key, entry.value);
      return false;
    });
  }

  async #read(keys: readonly string[], load: LoadMissing<Value>): Promise<ReadonlyMap<string, Entry<Value>>> {
    const entries = await this.#options.entries.read(keys);
    const missing = keys.filter((key) => !entries.has(key));
    this.counts.hits += keys.length - missing.length;
    this.counts.misses += missing.length;
    if (missing.length === 0) return entries;

    const loaded = await this.#load(missing, load);
    for (const [key, entry] of loaded) entries.set(key, entry);
    return entries;
  }

  async #load(missing: readonly string[], load: LoadMissing<Value>): Promise<Map<string, Entry<Value>>> {
    // Both before the load: what is invalidated while it runs has overtaken it, and it can be as old as its beginning.
    const startedAt = this.#options.log.sequence;
    const now = this.#options.clock.now();
    const values = await load(missing);
    const entries = new Map(
      missing.map((key) => [key, this.#entry(key, values.get(key) ?? null, startedAt, now)] as const),
    );
    await this.#options.entries.write(entries);
    return entries;
  }

  #entry(key: string, value: Value | null, survivedUntil: number, now: number): Entry<Value> {
    const { ttlMs, negativeTtlMs, tagsOf, random = Math.random } = this.#options;
    const stretch = 1 + ttlJitter * (2 * random() - 1);
    return {
      value: deepFreeze(value),
      marks: [markOfKey(key), ...tagsOf(value, key).map(markOfTag)],
      freshUntil: now + stretch * (value === null ? negativeTtlMs : ttlMs),
      survivedUntil,
    };
  }
}
