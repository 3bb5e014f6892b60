import { tenantOf, userOf, type WorkOwner } from '../../runtime/work-owner.ts';
import type { Shares } from './fair-queue.ts';

/** A connection in use; `owner` is null while the server itself uses it. */
interface Holder {
  readonly owner: WorkOwner | null;
}

/** The connections that a user may hold while others wait. */
const userMax = 8;
/**
 * The time for which limits apply after others have waited: without it a busy tenant would take all
 * connections again, and every statement of others would wait for one of its long ones.
 */
const contendedMs = 1000;

/**
 * The connections that each caller may hold: all of them while it is alone, and while others use the database
 * too, 8 for a user and half of the pool for a tenant.
 */
export class ConnectionShares implements Shares {
  readonly #holders: () => readonly Holder[];
  readonly #clock: { now(): number };
  readonly #tenantMax: number;
  readonly #userMax: number;
  /** Users are limited as long as tenants are, or longer. */
  #usersLimitedUntil = 0;
  #tenantsLimitedUntil = 0;

  /** `size` is the largest number of connections; `clock` is in milliseconds. */
  constructor(size: number, holders: () => readonly Holder[], clock: { now(): number }) {
    this.#holders = holders;
    this.#clock = clock;
    this.#tenantMax = Math.max(1, Math.floor(size / 2));
    this.#userMax = Math.min(userMax, this.#tenantMax);
  }

  /** Returns true if an owner has to leave the idle connections to others. */
  mustLeave(owner: WorkOwner | null, now: number): boolean {
    if (owner === null || now >= this.#usersLimitedUntil) return false;
    this.noteNeed(owner);
    return !this.tenantMayHold(owner) || !this.userMayHold(owner);
  }

  /** Limits the present holders for a while if an owner who needs a connection is another than they are. */
  noteNeed(owner: WorkOwner | null): void {
    if (owner === null) return;
    for (const { owner: holder } of this.#holders()) {
      if (holder === null) continue;
      const until = this.#clock.now() + contendedMs;
      if (tenantOf(holder) !== tenantOf(owner)) {
        this.#usersLimitedUntil = this.#tenantsLimitedUntil = until;
        return;
      }
      if (userOf(holder) !== userOf(owner)) this.#usersLimitedUntil = until;
    }
  }

  tenantMayHold(owner: WorkOwner): boolean {
    if (this.#clock.now() >= this.#tenantsLimitedUntil) return true;
    return this.#count((holder) => tenantOf(holder) === tenantOf(owner)) < this.#tenantMax;
  }

  userMayHold(owner: WorkOwner): boolean {
    if (this.#clock.now() >= this.#usersLimitedUntil) return true;
    // A user's key contains the tenant's.
    return this.#count((holder) => userOf(holder) === userOf(owner)) < this.#userMax;
  }

  #count(isCounted: (holder: WorkOwner) => boolean): number {
    let count = 0;
    for (const { owner } of this.#holders()) if (owner !== null && isCounted(owner)) count += 1;
    return count;
  }
}
