import { tenantOf, userOf, type WorkOwner } from '../../runtime/work-owner.ts';
import type { Shares } from './fair-queue.ts';
import { SlowUsers } from './slow-users.ts';

/** A connection in use; `owner` is null while the server itself uses it. */
interface Holder {
  readonly owner: WorkOwner | null;
}

/** The connections that a user may hold while others wait. */
const userMax = 8;
/** The part of the pool that the slow users of one tenant may hold while others use the database. */
const slowPart = 1 / 8;
/**
 * The time for which limits apply after others have waited: without it a busy tenant would take all
 * connections again, and every statement of others would wait for one of its long ones.
 */
const contendedMs = 1000;

/**
 * The connections that each caller may hold: all of them while it is alone. While others wait, a user may
 * hold 8, a tenant half of the pool, and the slow users of a tenant an eighth, as PostgreSQL has fewer cores
 * than the pool has connections.
 */
export class ConnectionShares implements Shares {
  readonly #holders: () => readonly Holder[];
  readonly #clock: { now(): number };
  readonly #tenantMax: number;
  readonly #userMax: number;
  readonly #slowMax: number;
  readonly #slow = new SlowUsers();
  /** Users are limited as long as tenants are, or longer. */
  #usersLimitedUntil = 0;
  #tenantsLimitedUntil = 0;

  /** `size` is the largest number of connections; `clock` is in milliseconds. */
  constructor(size: number, holders: () => readonly Holder[], clock: { now(): number }) {
    this.#holders = holders;
    this.#clock = clock;
    this.#tenantMax = Math.max(1, Math.floor(size / 2));
    this.#userMax = Math.min(userMax, this.#tenantMax);
    this.#slowMax = Math.max(1, Math.floor(size * slowPart));
  }

  /** Returns true if an owner has to leave the idle connections to others. */
  mustLeave(owner: WorkOwner | null, now: number): boolean {
    if (owner === null || (now >= this.#usersLimitedUntil && !this.#isSlowed())) return false;
    this.noteNeed(owner);
    return !this.tenantMayHold(owner) || !this.userMayHold(owner);
  }

  /** Records the time for which an owner held a connection. */
  noteUse(owner: WorkOwner | null, heldMs: number): void {
    this.#slow.note(owner, heldMs);
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
    if (this.#slow.has(owner) && this.#countSlow(owner) >= this.#slowMax) return false;
    // A user's key contains the tenant's.
    return this.#count((holder) => userOf(holder) === userOf(owner)) < this.#userMax;
  }

  /** A slow holder slows the statements of all others, also of those who need not wait for a connection. */
  #isSlowed(): boolean {
    return this.#slow.size > 0 && this.#count((holder) => this.#slow.has(holder)) > 0;
  }

  #countSlow(owner: WorkOwner): number {
    return this.#count((holder) => tenantOf(holder) === tenantOf(owner) && this.#slow.has(holder));
  }

  #count(isCounted: (holder: WorkOwner) => boolean): number {
    let count = 0;
    for (const { owner } of this.#holders()) if (owner !== null && isCounted(owner)) count += 1;
    return count;
  }
}
