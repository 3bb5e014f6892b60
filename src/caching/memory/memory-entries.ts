import { Keyv } from 'keyv';
import type { Entry } from './entry.ts';
import type { InvalidationLog } from './invalidation-log.ts';
import { LruStore } from './lru-store.ts';

interface MemoryEntriesOptions {
  readonly name: string;
  readonly entriesMax: number;
  readonly absencesMax: number;
  /** False: only absences are kept. */
  readonly isInMemory: boolean;
  readonly log: InvalidationLog;
}

/**
 * The entries of one cache in this process's memory; what was invalidated never comes out. What is known not to exist
 * has a room of its own, so that strangers who ask for random keys push out nothing but each other's absences.
 */
export class MemoryEntries<Value> {
  readonly #log: InvalidationLog;
  readonly #isInMemory: boolean;
  readonly #values: LruStore;
  readonly #absences: LruStore;
  readonly #keyvOfValues: Keyv<Entry<Value>>;
  readonly #keyvOfAbsences: Keyv<Entry<Value>>;

  constructor({ name, entriesMax, absencesMax, isInMemory, log }: MemoryEntriesOptions) {
    this.#log = log;
    this.#isInMemory = isInMemory;
    this.#values = new LruStore({ entriesMax });
    this.#absences = new LruStore({ entriesMax: absencesMax });
    this.#keyvOfValues = keyvOn(this.#values, name);
    this.#keyvOfAbsences = keyvOn(this.#absences, name);
  }

  get size(): number {
    return this.#values.size + this.#absences.size;
  }

  /** How many were pushed out, in all, because newer ones needed the room. */
  get evictions(): number {
    return this.#values.evictions + this.#absences.evictions;
  }

  /** The entry of a key, at once, however old; undefined where there is none or it was invalidated. */
  find(key: string): Entry<Value> | undefined {
    const record = this.#values.read<Entry<Value>>(key) ?? this.#absences.read<Entry<Value>>(key);
    const entry = record?.value;
    return entry !== undefined && this.isUnharmed(entry) ? entry : undefined;
  }

  /** Everything that was not invalidated, however old. */
  *all(): Iterable<Entry<Value>> {
    for (const store of [this.#values, this.#absences]) {
      for (const { value: entry } of store.records<Entry<Value>>()) {
        if (entry !== undefined && this.isUnharmed(entry)) yield entry;
      }
    }
  }

  isUnharmed(entry: Entry<Value>): boolean {
    if (this.#log.hasOvertaken(entry.marks, entry.survivedUntil)) return false;
    // So that the next reader need not ask again, and the log may forget what this entry has outlived.
    entry.survivedUntil = this.#log.sequence;
    return true;
  }

  async write(entries: ReadonlyMap<string, Entry<Value>>): Promise<void> {
    // What was overtaken while it was loaded must not push out what a later load brought in the meantime.
    const unharmed = Array.from(entries).filter(([, entry]) => this.isUnharmed(entry));
    const values = unharmed.filter(([, entry]) => entry.value !== null && this.#isInMemory);
    const absences = unharmed.filter(([, entry]) => entry.value === null);
    await Promise.all([
      replace(values, this.#keyvOfValues, this.#keyvOfAbsences),
      replace(absences, this.#keyvOfAbsences, this.#keyvOfValues),
    ]);
  }

  remove(key: string): void {
    for (const store of [this.#values, this.#absences]) store.remove(key);
  }

  clear(): void {
    for (const store of [this.#values, this.#absences]) store.removeAll();
  }
}

function keyvOn<Value>(store: LruStore, namespace: string): Keyv<Entry<Value>> {
  const keyv = new Keyv<Entry<Value>>({ store, namespace, useKeyPrefix: false, throwOnErrors: true });
  // Only the setters accept "none": memory hands out what it was given.
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}

async function replace<Value>(
  entries: readonly (readonly [string, Entry<Value>])[],
  room: Keyv<Entry<Value>>,
  otherRoom: Keyv<Entry<Value>>,
): Promise<void> {
  if (entries.length === 0) return;
  await otherRoom.deleteMany(entries.map(([key]) => key));
  await room.setMany(entries.map(([key, value]) => ({ key, value })));
}
