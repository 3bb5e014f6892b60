import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { Trust } from '../cache-options.ts';
import { markOfKey, type Entry } from '../memory/entry.ts';
import { ReadCounts, type EntrySource, type LoadMissing } from './entry-source.ts';
import { Flights, type Flight } from './in-flight-loads.ts';
import type { InvalidationLog } from '../memory/invalidation-log.ts';
import type { MemoryEntries } from '../memory/memory-entries.ts';
import type { Outage } from './circuit-breaker.ts';

interface ReadThroughOptions<Value> {
  readonly staleMs: number;
  readonly lastValueMs: number;
  readonly clock: Clock;
  readonly trust: Trust;
  readonly onRead: (hits: number, misses: number) => void;
  readonly onError: (error: unknown) => void;
  readonly memory: MemoryEntries<Value>;
  readonly source: EntrySource<Value>;
  readonly log: InvalidationLog;
  readonly outage: Outage;
}

/** Reading from memory, and from the source what it lacks: each key by one reader, for all that wait. */
export class ReadThrough<Value> {
  readonly counts = new ReadCounts();
  readonly #options: ReadThroughOptions<Value>;
  /** Of what readers did not wait for. */
  readonly #renewalCounts = new ReadCounts();
  readonly #flights = new Flights<Value>();
  /** What is done in it is done for nobody's request. */
  readonly #outside = AsyncLocalStorage.snapshot();

  constructor(options: ReadThroughOptions<Value>) {
    this.#options = options;
  }

  /** The values of the keys in their order; rejects only as `load` does, its own or one that it waited for. */
  async gather(keys: readonly string[], load: LoadMissing<Value>): Promise<(Value | null)[]> {
    let loaded = 0;
    try {
      return await this.#gather(keys, load, (missing) => {
        loaded += missing.length;
        return load(missing);
      });
    } finally {
      this.#options.onRead(keys.length - loaded, loaded);
    }
  }

  /** `renew` loads what this reader need not wait for, `load` the rest. */
  async #gather(
    keys: readonly string[],
    renew: LoadMissing<Value>,
    load: LoadMissing<Value>,
  ): Promise<(Value | null)[]> {
    const arrivedAt = this.#options.log.sequence;
    const values = new Map<string, Value | null>();
    const before = this.#flights.started;
    let wanted = this.#takeHeld(keys, renew, values);
    // Who cannot know what was acknowledged elsewhere before they came must not be given what was read before they came.
    // They wait for those reads, and then share one among themselves, so that even now no crowd reaches the source.
    if (!this.#options.trust.isTrusted) await this.#flights.landed(wanted, before);
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

  /** Fills in what memory knows, and has the old renewed in the background; returns the other keys, each once. */
  #takeHeld(keys: readonly string[], load: LoadMissing<Value>, values: Map<string, Value | null>): string[] {
    const now = this.#options.clock.now();
    const missing = new Set<string>();
    const old = new Set<string>();
    for (const key of keys) {
      const entry = missing.has(key) ? undefined : this.#options.memory.find(key);
      if (entry !== undefined && this.#isGoodEnough(entry, now)) {
        this.counts.hits += 1;
        values.set(key, entry.value);
        // A last value is renewed too, however young: whoever asks next must not be the one who waits for the source.
        if (this.#options.trust.isTrusted && now < entry.freshUntil) continue;
        this.counts.staleServed += 1;
        old.add(key);
      } else if (missing.has(key)) {
        this.counts.coalesced += 1;
      } else {
        missing.add(key);
      }
    }
    if (old.size > 0) this.#renew([...old], load, now);
    return [...missing];
  }

  #isGoodEnough(entry: Entry<Value>, now: number): boolean {
    const { staleMs, trust } = this.#options;
    if (trust.isTrusted && now < entry.freshUntil) return true;
    if (entry.value === null) return false;
    if (trust.isTrusted && now < entry.freshUntil + staleMs) return true;
    // Who has lost the database has lost the invalidations too, and this is what last values are for. But one load that
    // failed does not show that it is lost: who hears nothing must then find out anew, or be known to reach nobody.
    const isAway = this.#options.outage.isOn(now) && (trust.isTrusted || trust.isCutOff === true);
    return isAway && this.#isLastValue(entry, now);
  }

  #isLastValue(entry: Entry<Value>, now: number): boolean {
    return entry.value !== null && now < entry.freshUntil + this.#options.lastValueMs;
  }

  #renew(keys: readonly string[], load: LoadMissing<Value>, now: number): void {
    const { clock, log, onError, source } = this.#options;
    const grounded = keys.filter((key) => this.#flights.find(key) === undefined);
    if (grounded.length === 0 || !this.#options.outage.mayProbe(now)) return;
    const flight = this.#outside(() =>
      this.#flights.start(grounded, log.sequence, () => source.fetch(grounded, load, this.#renewalCounts)),
    );
    // Nobody waits for it: the readers have the old value, and the next ones try again.
    this.#options.outage.probe(flight.entries, clock).catch(onError);
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
      const { log, source } = this.#options;
      const flight = this.#flights.start(unserved, log.sequence, () =>
        source.fetch(unserved, load, this.counts),
      );
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
}
