import { LRUCache } from 'lru-cache';
import { userOf, type WorkOwner } from '../../runtime/work-owner.ts';

/** The mean time for which a slow user holds a connection, in milliseconds. */
const slowMs = 20;
/** The mean below which a user is forgotten. */
const forgottenMs = 5;
/** The weight of the latest time in the mean. */
const weight = 0.25;
const usersMax = 1000;

/** The users whose statements take long, by the mean of their latest times. */
export class SlowUsers {
  readonly #meansMs = new LRUCache<string, number>({ max: usersMax });

  get size(): number {
    return this.#meansMs.size;
  }

  /** Records the time for which an owner held a connection; costs nothing while all are fast. */
  note(owner: WorkOwner | null, heldMs: number): void {
    if (owner === null || (heldMs < slowMs && this.#meansMs.size === 0)) return;
    const key = userOf(owner);
    const before = this.#meansMs.get(key) ?? 0;
    const mean = before + weight * (heldMs - before);
    if (mean < forgottenMs) this.#meansMs.delete(key);
    else this.#meansMs.set(key, mean);
  }

  /** Returns true while an owner's statements take long. */
  has(owner: WorkOwner | null): boolean {
    if (owner === null || this.#meansMs.size === 0) return false;
    return (this.#meansMs.get(userOf(owner)) ?? 0) >= slowMs;
  }
}
