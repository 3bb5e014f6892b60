import type { Clock } from '../platform/runtime/clock.ts';
import type { Coherence } from './coherence/coherence.ts';
import type { Generations } from './shared/generations.ts';

/** As in `Coherence`. */
export type Trust = Pick<Coherence, 'isTrusted'> & Partial<Pick<Coherence, 'isCutOff'>>;

/** How a cache is made. Times are in milliseconds. */
export interface CacheOptions<Value> {
  readonly name: string;
  /** How long a value is fresh; each entry gets up to a tenth more or less, so that they don't all end together. */
  readonly ttlMs: number;
  /** The same for the knowledge that there is no value. */
  readonly negativeTtlMs: number;
  /** For how long after that an old value is answered while a new one is loaded in the background; by default never. */
  readonly staleMs?: number;
  /** For how long after that an old value is answered when loading fails because the source is away; by default never. */
  readonly lastValueMs?: number;
  readonly entriesMax: number;
  /** How many keys are known not to exist; by default as many as there may be entries. */
  readonly absencesMax?: number;
  /**
   * What an entry can be invalidated by besides its key, as far as the key alone tells: also where there is no value,
   * because "does not exist" is knowledge about a user or a tenant too, and has to end when they come into being.
   */
  readonly tagsOfKey?: (key: string) => readonly string[];
  /** What else an entry can be invalidated by. */
  readonly tagsOfValue?: (value: Value) => readonly string[];
  /** False: values are only in the shared store, such as large ones that a process seldom needs twice. */
  readonly isInMemory?: boolean;
  /**
   * To be raised whenever the shape of the values changes: what another release has put into the shared store is then
   * never read.
   */
  readonly version?: number;
  /** Of the store that processes share, where there is one. */
  readonly generations?: Generations | null;
  /** Told of every read: how many of its keys were answered from what is remembered, and how many it loaded. */
  readonly onRead?: (hits: number, misses: number) => void;
  readonly clock: Clock;
  /** From 0 up to 1, as Math.random. */
  readonly random?: () => number;
  /** Whether invalidations are sure to be heard; while they are not, nothing is answered from what is remembered. */
  readonly trust?: Trust;
  /** False: nothing is remembered and every key is loaded, for comparison. */
  readonly isEnabled?: boolean;
  /** Whether a load failed because the source can answer nobody. */
  readonly isUnavailable?: (error: unknown) => boolean;
  /** How many invalidations are told apart; before those, everything counts as invalidated. */
  readonly invalidationsMax?: number;
  /** Last values begin to be answered; called once for a row of failures, not for each. */
  readonly onLastValues?: (error: unknown) => void;
  /** A load in the background failed, and no reader with it. */
  readonly onError?: (error: unknown) => void;
  /** The shared store failed, and no reader with it. */
  readonly onStoreError?: (error: unknown) => void;
}

/** What is left out. */
export const defaultOptions = {
  staleMs: 0,
  lastValueMs: 0,
  tagsOfKey: () => [],
  tagsOfValue: () => [],
  version: 1,
  trust: { isTrusted: true },
  random: Math.random,
  isUnavailable: () => false,
  onLastValues: () => {},
  onRead: () => {},
};

/**
 * NaN would mean "for ever", and nobody would say so.
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
