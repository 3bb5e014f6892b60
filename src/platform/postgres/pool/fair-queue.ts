import { Fifo } from '../../runtime/fifo.ts';
import { tenantOf, userOf, type WorkOwner } from '../../runtime/work-owner.ts';

/** Work that waits for its turn. */
export interface Queued {
  /** Null for work of the server itself: background work, and finding out who a caller is. */
  readonly owner: WorkOwner | null;
  /** The start of the work, which may have waited for others before. */
  readonly workSince: number;
}

/** Decides which owners are served at the moment. */
export interface Shares {
  tenantMayHold(owner: WorkOwner): boolean;
  userMayHold(owner: WorkOwner): boolean;
}

/**
 * Work that is served by tenant in turn, within a tenant by user in turn, and oldest first within a user.
 * Every other turn belongs to the server's own work; a pick takes constant time, apart from callers at their
 * limit.
 */
export class FairQueue<Entry extends Queued> {
  readonly #own: Entry[] = [];
  readonly #tenants = new Map<string, TenantLine<Entry>>();
  readonly #turns = new Fifo<TenantLine<Entry>>();
  #isOwnTurn = true;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds an entry. */
  join(entry: Entry): void {
    this.#length += 1;
    const { owner } = entry;
    if (owner === null) {
      insert(this.#own, entry);
      return;
    }
    const key = tenantOf(owner);
    let tenant = this.#tenants.get(key);
    if (tenant === undefined) {
      this.#tenants.set(key, (tenant = new TenantLine(owner)));
      this.#turns.push(tenant);
    }
    tenant.join(owner, entry);
  }

  /** Removes and returns the next entry whose owner may be served. */
  next(shares: Shares): Entry | undefined {
    const isOwnTurn = this.#isOwnTurn && this.#own.length > 0;
    const entry = isOwnTurn ? this.#own.shift() : (this.#nextOfCallers(shares) ?? this.#own.shift());
    if (entry === undefined) return undefined;
    this.#isOwnTurn = entry.owner !== null;
    this.#length -= 1;
    return entry;
  }

  /** Removes and returns the youngest entry of the user with most entries in the tenant with most. */
  dropLast(): Entry | undefined {
    const longest = longestOf(this.#turns);
    const entry = longest === undefined ? this.#own.pop() : longest.dropLast();
    if (entry !== undefined) this.#length -= 1;
    return entry;
  }

  /** Removes and returns the entries that meet a condition. */
  take(isTaken: (entry: Entry) => boolean): readonly Entry[] {
    const taken = [...this].filter(isTaken);
    if (taken.length === 0) return taken;
    for (const entry of this.drain()) if (!isTaken(entry)) this.join(entry);
    return taken;
  }

  /** Removes and returns all entries. */
  drain(): readonly Entry[] {
    const entries = [...this];
    this.#own.length = 0;
    this.#tenants.clear();
    while (this.#turns.length > 0) this.#turns.shift();
    this.#length = 0;
    return entries;
  }

  /** Yields all entries. */
  *[Symbol.iterator](): Generator<Entry> {
    yield* this.#own;
    for (const tenant of this.#turns) for (const user of tenant.users) yield* user.entries;
  }

  #nextOfCallers(shares: Shares): Entry | undefined {
    for (let left = this.#turns.length; left > 0; left -= 1) {
      const tenant = this.#turns.shift();
      if (tenant === undefined) return undefined;
      const entry = shares.tenantMayHold(tenant.owner) ? tenant.next(shares) : undefined;
      if (tenant.length === 0) this.#tenants.delete(tenantOf(tenant.owner));
      else this.#turns.push(tenant);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }
}

/** The entries of a tenant, by user; `owner` is any user of the tenant. */
class TenantLine<Entry extends Queued> {
  readonly owner: WorkOwner;
  readonly users = new Fifo<UserLine<Entry>>();
  readonly #byUser = new Map<string, UserLine<Entry>>();
  length = 0;

  constructor(owner: WorkOwner) {
    this.owner = owner;
  }

  join(owner: WorkOwner, entry: Entry): void {
    this.length += 1;
    const key = userOf(owner);
    let user = this.#byUser.get(key);
    if (user === undefined) {
      this.#byUser.set(key, (user = new UserLine(owner)));
      this.users.push(user);
    }
    insert(user.entries, entry);
  }

  next(shares: Shares): Entry | undefined {
    for (let left = this.users.length; left > 0; left -= 1) {
      const user = this.users.shift();
      if (user === undefined) return undefined;
      const entry = shares.userMayHold(user.owner) ? user.entries.shift() : undefined;
      if (user.length === 0) this.#byUser.delete(userOf(user.owner));
      else this.users.push(user);
      if (entry === undefined) continue;
      this.length -= 1;
      return entry;
    }
    return undefined;
  }

  dropLast(): Entry | undefined {
    const entry = longestOf(this.users)?.entries.pop();
    if (entry !== undefined) this.length -= 1;
    return entry;
  }
}

/** The entries of a user, oldest work first. */
class UserLine<Entry> {
  readonly owner: WorkOwner;
  readonly entries: Entry[] = [];

  constructor(owner: WorkOwner) {
    this.owner = owner;
  }

  get length(): number {
    return this.entries.length;
  }
}

function longestOf<Line extends { readonly length: number }>(lines: Iterable<Line>): Line | undefined {
  let longest: Line | undefined;
  for (const line of lines) if (longest === undefined || line.length > longest.length) longest = line;
  return longest;
}

/** Inserts an entry behind all whose work is older. */
function insert<Entry extends Queued>(entries: Entry[], entry: Entry): void {
  const index = entries.findLastIndex(({ workSince }) => workSince <= entry.workSince) + 1;
  entries.splice(index, 0, entry);
}
