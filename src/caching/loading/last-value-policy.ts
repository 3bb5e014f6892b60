import type { Trust } from '../cache-options.ts';
import type { Entry } from '../memory/entry.ts';

interface LastValuePolicyOptions {
  readonly trust: Trust;
  /** Time after expiry in which a value may be served while the source is unavailable. */
  readonly lastValueMs: number;
  /** Time without word of invalidations in which a value may be served. */
  readonly silenceMaxMs: number;
}

/** The rule by which a last known value may be served in place of a load that failed. */
export class LastValuePolicy {
  readonly #options: LastValuePolicyOptions;

  constructor(options: LastValuePolicyOptions) {
    this.#options = options;
  }

  /** False if invalidations may have been missed for too long. */
  get isWithinSilence(): boolean {
    const { trust, silenceMaxMs } = this.#options;
    return trust.isTrusted || (trust.silentMs ?? 0) < silenceMaxMs;
  }

  /** Returns whether the entry may be served at that time. */
  permits(entry: Entry<unknown>, now: number): boolean {
    if (entry.value === null || now >= entry.freshUntil + this.#options.lastValueMs) return false;
    return this.isWithinSilence;
  }
}
