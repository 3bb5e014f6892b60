import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { SharedCounters } from '../../platform/security/shared-attempt-limiter.ts';
import { UsageExchange } from '../../platform/security/usage-exchange.ts';
import { HttpError } from '../errors/http-errors.ts';

const kinds = ['user', 'tenant', 'address'] as const;

type Kind = (typeof kinds)[number];

/** The keys that an operation is charged to, at most one of each kind. */
export type RateLimitKeys = Readonly<Partial<Record<Kind, string>>>;

/** The cost that a key of each kind may use within a minute; 0 is no limit. */
export type RateLimits = Readonly<Record<Kind, number>>;

/** The cost of an operation, and the state of the tightest limit. */
export interface RateLimitStatus {
  readonly limit: number;
  readonly cost: number;
  readonly remaining: number;
  readonly resetAt: Date;
}

/** The measured use of an operation, and its cost as it was charged before the operation ran. */
export interface OperationUse {
  readonly statementMs: number;
  readonly characters: number;
  readonly cost: number;
}

/** Counters that processes share; `namespace` is this product's. */
export interface SharedUsage {
  readonly counters: SharedCounters;
  readonly namespace: string;
}

/** The maximum number of buckets of each kind, about 300 bytes each. */
const keysMax = 50_000;
/** Characters of a response that are charged as one row. */
const charactersPerCost = 1000;
/** The cost of a millisecond of the database. */
const costPerStatementMs = 2;
/** The longest time that the usage in another process is unknown. */
const exchangeEveryMs = 1000;
const minuteMs = 60_000;

/** Limits cost by tenant, user and address, together with other processes where there is Redis. */
export class RateLimiter {
  readonly #clock: Clock;
  /**
   * The buckets of each kind that is limited. The least recently used bucket is evicted first: it is mostly
   * full again.
   */
  readonly #buckets = new Map<Kind, LRUCache<string, Bucket>>();
  readonly #limits: RateLimits;
  readonly #exchange: UsageExchange | null;

  /** `shared` is null where each process counts only its own usage. */
  constructor(limits: RateLimits, clock: Clock, shared: SharedUsage | null) {
    this.#clock = clock;
    this.#limits = limits;
    for (const kind of kinds) {
      if (limits[kind] > 0) this.#buckets.set(kind, new LRUCache({ max: keysMax }));
    }
    this.#exchange = shared === null ? null : this.#createExchange(shared);
  }

  /** Exchanges usage with other processes periodically; the returned function stops that. */
  start(): () => void {
    const timer = setInterval(() => void this.exchange(), exchangeEveryMs).unref();
    return () => clearInterval(timer);
  }

  /** Exchanges usage once. */
  async exchange(): Promise<void> {
    await this.#exchange?.exchange();
  }

  /**
   * Charges an operation to all of its keys, or to none; returns null where nothing is limited. `paid` was
   * charged for the same request before: together they need at most a whole bucket.
   * @throws HttpError with RATE_LIMITED, 429 and `retry-after`
   */
  charge(keys: RateLimitKeys, cost: number, paid = 0): RateLimitStatus | null {
    // An operation that costs nothing to run costs something to read.
    const tokens = Math.max(1, cost);
    const buckets = this.#bucketsOf(keys);
    for (const bucket of buckets) {
      const waitMs = bucket.waitMsFor(tokens, paid);
      if (waitMs > 0) throw rateLimited(bucket.kind, waitMs);
    }
    let tightest: Bucket | null = null;
    for (const bucket of buckets) {
      this.#exchange?.note(`${bucket.kind}:${bucket.key}`, tokens);
      bucket.take(tokens);
      if (tightest === null || bucket.tokens < tightest.tokens) tightest = bucket;
    }
    if (tightest === null) return null;
    const remaining = Math.max(0, Math.floor(tightest.tokens));
    return { limit: tightest.capacity, cost: tokens, remaining, resetAt: new Date(tightest.fullAt()) };
  }

  /**
   * Charges milliseconds of the database and characters of the response, beyond the operation's cost, which
   * was charged before.
   */
  chargeUse(keys: RateLimitKeys, use: OperationUse): void {
    const { characters, cost, statementMs } = use;
    const tokens = Math.floor(characters / charactersPerCost + statementMs * costPerStatementMs - cost);
    if (tokens > 0) this.#take(keys, tokens);
  }

  /** Charges live events, 1 for each; a subscription was charged at its start. */
  chargeEvents(keys: RateLimitKeys, count: number): void {
    this.#take(keys, count);
  }

  #take(keys: RateLimitKeys, tokens: number): void {
    for (const bucket of this.#bucketsOf(keys)) {
      this.#exchange?.note(`${bucket.kind}:${bucket.key}`, tokens);
      bucket.take(tokens);
    }
  }

  /** Returns the filled buckets of limited kinds, to be used synchronously because they may be evicted. */
  #bucketsOf(keys: RateLimitKeys): readonly Bucket[] {
    const now = this.#clock.now();
    const found: Bucket[] = [];
    for (const [kind, buckets] of this.#buckets) {
      const key = keys[kind];
      if (key === undefined) continue;
      const bucket = buckets.get(key) ?? new Bucket(kind, key, this.#limits[kind]);
      bucket.fill(now);
      buckets.set(key, bucket);
      found.push(bucket);
    }
    return found;
  }

  #createExchange({ counters, namespace }: SharedUsage): UsageExchange {
    return new UsageExchange({
      counters,
      keyPrefix: `${namespace}:usage:`,
      onUsedElsewhere: (name, amount) => {
        const [kind = '', ...key] = name.split(':');
        for (const bucket of this.#bucketsOf({ [kind]: key.join(':') })) bucket.take(amount);
      },
    });
  }
}

/** A bucket of tokens that refills within a minute; full before it is filled first. */
class Bucket {
  readonly kind: Kind;
  readonly key: string;
  readonly capacity: number;
  /** Negative while other processes have used more than there was. */
  tokens: number;
  #filledAt = 0;

  constructor(kind: Kind, key: string, capacity: number) {
    this.kind = kind;
    this.key = key;
    this.capacity = capacity;
    this.tokens = capacity;
  }

  /** Adds the tokens of the elapsed time. */
  fill(now: number): void {
    // A clock that is set back must not empty the bucket.
    const elapsedMs = Math.max(0, now - this.#filledAt);
    this.tokens = Math.min(this.capacity, this.tokens + (elapsedMs / minuteMs) * this.capacity);
    this.#filledAt = now;
  }

  /**
   * Returns the milliseconds until `tokens` are available, or until the bucket is full if its capacity is
   * smaller; tokens that were `paid` before are subtracted.
   */
  waitMsFor(tokens: number, paid: number): number {
    const wanted = Math.min(tokens + paid, this.capacity) - Math.min(paid, this.capacity);
    return Math.max(0, Math.ceil(((wanted - this.tokens) / this.capacity) * minuteMs));
  }

  /** Takes tokens, at most the capacity. */
  take(tokens: number): void {
    this.tokens -= Math.min(tokens, this.capacity);
  }

  /** Returns the time at which the bucket is full again, in milliseconds since the epoch. */
  fullAt(): number {
    return this.#filledAt + Math.ceil((1 - this.tokens / this.capacity) * minuteMs);
  }
}

function rateLimited(kind: Kind, waitMs: number): HttpError {
  const seconds = Math.ceil(waitMs / 1000);
  return new HttpError(
    429,
    'RATE_LIMITED',
    `This ${kind} has exceeded its rate limit; try again in ${seconds} s.`,
    { 'retry-after': String(seconds) },
  );
}
