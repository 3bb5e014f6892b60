import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { Trust } from '../cache-options.ts';
import { keyTag, type Entry } from '../memory/entry.ts';
import type { InvalidationLog } from '../memory/invalidation-log.ts';
import type { MemoryEntries } from '../memory/memory-entries.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { ReadCounts, type EntrySource, type LoadMissing } from './entry-loader.ts';
import type { LastValuePolicy } from './last-value-policy.ts';
import { InFlightLoads, type InFlightLoad } from './in-flight-loads.ts';

interface ReadThroughOptions<Value> {
  readonly staleMs: number;
  readonly lastValues: LastValuePolicy;
  readonly clock: Clock;
  readonly trust: Trust;
  readonly onRead: (hits: number, misses: number) => void;
  readonly onError: (error: unknown) => void;
  readonly memory: MemoryEntries<Value>;
  readonly source: EntrySource<Value>;
  readonly log: InvalidationLog;
  readonly breaker: CircuitBreaker;
}

/** Reads from memory and loads what is missing, each key once for all concurrent readers. */
export class ReadThrough<Value> {
  readonly counts = new ReadCounts();
  readonly #options: ReadThroughOptions<Value>;
  /** Of background loads. */
  readonly #renewalCounts = new ReadCounts();
  readonly #loads = new InFlightLoads<Value>();
  /** Runs work outside of any request, so that nothing is attributed to one. */
  readonly #outside = AsyncLocalStorage.snapshot();

  constructor(options: ReadThroughOptions<Value>) {
    this.#options = options;
  }

  /** The values of the keys in their order; rejects only as `load` does, its own or one that it joined. */
  async read(keys: readonly string[], load: LoadMissing<Value>): Promise<(Value | null)[]> {
    let loaded = 0;
    try {
      return await this.#read(keys, load, (missing) => {
        loaded += missing.length;
        return load(missing);
      });
    } finally {
      this.#options.onRead(keys.length - loaded, loaded);
    }
  }

  /** `renew` loads in the background, `load` while the reader waits. */
  async #read(
    keys: readonly string[],
    renew: LoadMissing<Value>,
    load: LoadMissing<Value>,
  ): Promise<(Value | null)[]> {
    const { log, trust } = this.#options;
    const arrivedAt = log.sequence;
    const before = this.#loads.started;
    const values = new Map<string, Value | null>();
    let wanted = this.#takeFromMemory(keys, renew, values);
    // Without trust, this process may have missed a write that was acknowledged before the reader arrived. So
    // the reader waits for older loads and then shares a new one with the others; even now no crowd reaches
    // the source.
    if (!trust.isTrusted) await this.#loads.settled(wanted, before);
    // At most two rounds: every load of the second round started after the reader arrived.
    while (wanted.length > 0) {
      const joined = this.#join(wanted, load);
      // All together, so that a second failing load is never an unhandled rejection.
      await Promise.all(Array.from(joined.keys(), ({ entries }) => entries));
      wanted = [];
      for (const [{ entries }, joinedKeys] of joined) {
        wanted.push(...this.#collect(joinedKeys, await entries, arrivedAt, values));
      }
    }
    return keys.map((key) => values.get(key) ?? null);
  }

  /**
   * Fills in the usable entries, renews stale ones in the background, and returns the other keys, each once.
   */
  #takeFromMemory(
    keys: readonly string[],
    load: LoadMissing<Value>,
    values: Map<string, Value | null>,
  ): string[] {
    const now = this.#options.clock.now();
    const missing = new Set<string>();
    const old = new Set<string>();
    for (const key of keys) {
      const entry = missing.has(key) ? undefined : this.#options.memory.find(key);
      if (entry !== undefined && this.#isUsable(entry, now)) {
        this.counts.hits += 1;
        values.set(key, entry.value);
        // Without trust a fresh value is renewed too, so that the next reader does not wait for the source.
        if (this.#options.trust.isTrusted && now < entry.freshUntil) continue;
        this.counts.staleServed += 1;
        if (this.#isLastValue(entry, now)) this.counts.lastValues += 1;
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

  #isUsable(entry: Entry<Value>, now: number): boolean {
    const { lastValues, trust, breaker } = this.#options;
    if (trust.isTrusted && now < entry.freshUntil) return true;
    if (entry.value === null) return false;
    if (!this.#isLastValue(entry, now)) return true;
    // A process that lost the database has lost the invalidations too, and last known values are for that.
    // One failed load is no proof: without trust the process must also be known to be cut off.
    const isUnavailable = breaker.isOpen(now) && (trust.isTrusted || trust.isCutOff === true);
    return isUnavailable && lastValues.permits(entry, now);
  }

  /** Returns whether only a failure of the source can justify that the entry is served. */
  #isLastValue(entry: Entry<Value>, now: number): boolean {
    const { staleMs, trust } = this.#options;
    return !trust.isTrusted || now >= entry.freshUntil + staleMs;
  }

  #renew(keys: readonly string[], load: LoadMissing<Value>, now: number): void {
    const { clock, log, onError, source, breaker } = this.#options;
    const idle = keys.filter((key) => this.#loads.find(key) === undefined);
    if (idle.length === 0 || !breaker.mayProbe(now)) return;
    const { entries } = this.#outside(() =>
      this.#loads.start(idle, log.sequence, () => source.fetch(idle, load, this.#renewalCounts)),
    );
    // No reader waits: they have the old value, and the next ones try again.
    breaker.probe(entries, clock).catch(onError);
  }

  /**
   * Joins the load in flight of each key where its result can serve, and starts one load for all other keys.
   */
  #join(keys: readonly string[], load: LoadMissing<Value>): Map<InFlightLoad<Value>, string[]> {
    const { log, source } = this.#options;
    const joined = new Map<InFlightLoad<Value>, string[]>();
    const others: string[] = [];
    for (const key of keys) {
      const inFlight = this.#loads.find(key);
      // The other tags are unknown until the load has finished; `#collect` checks them.
      if (inFlight === undefined || log.hasOvertaken([keyTag(key)], inFlight.startedAt)) {
        others.push(key);
        continue;
      }
      this.counts.coalesced += 1;
      const joinedKeys = joined.get(inFlight);
      if (joinedKeys === undefined) joined.set(inFlight, [key]);
      else joinedKeys.push(key);
    }
    if (others.length > 0) {
      const started = this.#loads.start(others, log.sequence, () => source.fetch(others, load, this.counts));
      joined.set(started, others);
    }
    return joined;
  }

  /**
   * Fills in the results; returns the keys whose value is too old for a reader who arrived at that position.
   */
  #collect(
    keys: readonly string[],
    entries: ReadonlyMap<string, Entry<Value>>,
    arrivedAt: number,
    values: Map<string, Value | null>,
  ): string[] {
    return keys.filter((key) => {
      const entry = entries.get(key);
      if (entry === undefined) return true;
      const isOld = entry.validAsOf < arrivedAt;
      if (isOld && this.#options.log.hasOvertaken(entry.tags, entry.validAsOf)) return true;
      values.set(key, entry.value);
      return false;
    });
  }
}
