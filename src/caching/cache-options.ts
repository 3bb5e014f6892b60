import type { Clock } from '../platform/runtime/clock.ts';
import type { TextSigner } from '../platform/security/text-signer.ts';
import type { Coherence } from './coherence/coherence.ts';
import type { MemoryBudget } from './memory/memory-budget.ts';
import type { Generations } from './shared/generations.ts';

/** The part of `Coherence` that caches read. */
export type Trust = Pick<Coherence, 'isTrusted'> & Partial<Pick<Coherence, 'isCutOff' | 'silentMs'>>;

/** Options of a cache. Times are in milliseconds. */
export interface CacheOptions<Value> {
  readonly name: string;
  /** Time to live of values; varied by up to a tenth per entry, so that they do not expire together. */
  readonly ttlMs: number;
  /** Time to live of absences. */
  readonly negativeTtlMs: number;
  /**
   * Time after expiry in which the old value is served while a new one is loaded in the background; 0 by
   * default.
   */
  readonly staleMs?: number;
  /**
   * Time after expiry in which the last known value is served while the source is unavailable; 0 by default.
   */
  readonly lastValueMs?: number;
  /**
   * Time without word of invalidations in which last known values are served; without limit by default.
   */
  readonly silenceMaxMs?: number;
  readonly entriesMax: number;
  /** The bytes of memory that it shares with the other caches of the process; its own ones by default. */
  readonly budget?: MemoryBudget;
  /** Bound of the absences; by default the bound of the entries. */
  readonly absencesMax?: number;
  /**
   * Tags that follow from the key. They also apply to absences, which have to be invalidated when the user or
   * tenant is created.
   */
  readonly tagsOfKey?: (key: string) => readonly string[];
  /** Further tags that follow from the value. */
  readonly tagsOfValue?: (value: Value) => readonly string[];
  /**
   * False: values are kept in the shared store only, such as large ones that a process rarely needs twice.
   */
  readonly isInMemory?: boolean;
  /**
   * To be raised with the shape of the values: entries of another version in the shared store are never read.
   */
  readonly version?: number;
  /** Generations of the shared store; null or absent without one. */
  readonly generations?: Generations | null;
  /** Called with the keys of each read that were answered from the cache, and those that were loaded. */
  readonly onRead?: (hits: number, misses: number) => void;
  readonly clock: Clock;
  /** Returns a number from 0 up to 1, as Math.random. */
  readonly random?: () => number;
  /** While it is not trusted, invalidations may be missed, and nothing is answered from the cache. */
  readonly trust?: Trust;
  /** False: every read loads. */
  readonly isEnabled?: boolean;
  /** Returns whether a load failed because the source is unavailable. */
  readonly isUnavailable?: (error: unknown) => boolean;
  /** Bound of the invalidations in the log; entries from before the oldest one count as invalidated. */
  readonly invalidationsMax?: number;
  /** Called when last known values begin to be served, once per series of failures. */
  readonly onLastValues?: (error: unknown) => void;
  /** Called when last known values stop being served because of their age, once per series of failures. */
  readonly onTooOld?: (error: unknown) => void;
  /** Called when a background load failed, which fails no reader. */
  readonly onError?: (error: unknown) => void;
  /** Signs the entries in the shared store; null or absent: they are not signed. */
  readonly signer?: TextSigner | null;
  /** Called for an entry in the shared store that no server signed under its key; it counts as missing. */
  readonly onForged?: () => void;
  /** Called when the shared store failed, which fails no reader. */
  readonly onStoreError?: (error: unknown) => void;
}

/** Defaults of the optional options. */
export const defaultOptions = {
  staleMs: 0,
  lastValueMs: 0,
  silenceMaxMs: Infinity,
  tagsOfKey: () => [],
  tagsOfValue: () => [],
  version: 1,
  trust: { isTrusted: true },
  random: Math.random,
  isUnavailable: () => false,
  onLastValues: () => {},
  onTooOld: () => {},
  onRead: () => {},
  signer: null,
};

/**
 * Rejects invalid numbers, because NaN would silently mean "for ever".
 * @throws RangeError for a time to live or a bound that is not a positive number
 */
export function checkOptions(options: {
  name: string;
  ttlMs: number;
  negativeTtlMs: number;
  entriesMax: number;
}): void {
  for (const option of ['ttlMs', 'negativeTtlMs', 'entriesMax'] as const) {
    const number = options[option];
    if (Number.isFinite(number) && number > 0) continue;
    throw new RangeError(`The cache ${options.name} needs a positive ${option}; it was given ${number}.`);
  }
}
