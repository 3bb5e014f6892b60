import type { Clock } from '../../platform/runtime/clock.ts';
import type { SharedCounters } from '../../platform/security/shared-attempt-limiter.ts';
import { TokenBuckets, type Bucket, type BucketLevel } from '../../platform/security/token-buckets.ts';
import { UsageExchange } from '../../platform/security/usage-exchange.ts';
import { HttpRefusal } from '../errors/http-errors.ts';

/** One of those that an operation is charged to. */
export interface RateLimitKey {
  readonly kind: 'tenant' | 'user' | 'address';
  readonly key: string;
}

/** The cost that each kind of key may use up within a minute; 0 is no limit. */
export type RateLimits = Readonly<Record<RateLimitKey['kind'], number>>;

/** The cost of an operation, and the rest of the limit that is nearest. */
export interface RateLimitStatus {
  readonly limit: number;
  readonly cost: number;
  readonly remaining: number;
  readonly resetAt: Date;
}

/** Counters that processes share; `namespace` is this product's. */
export interface SharedUsage {
  readonly counters: SharedCounters;
  readonly namespace: string;
}

/** The keys that are remembered, of each kind: some 300 bytes each. */
const keysMax = 50_000;
/** Characters of an answer that are charged as one row. */
const charactersPerCost = 10_000;
/** For so long a process may not know what another one let pass. */
const exchangeEveryMs = 1000;

/** Token buckets by tenant, user and address, shared with other processes where there is Redis. */
export class RateLimiter {
  readonly #buckets = new Map<string, TokenBuckets>();
  readonly #exchange: UsageExchange | null;

  /** `shared` is null where each process counts for itself. */
  constructor(limits: RateLimits, clock: Clock, shared: SharedUsage | null) {
    for (const kind of ['tenant', 'user', 'address'] as const) {
      if (limits[kind] === 0) continue;
      this.#buckets.set(kind, new TokenBuckets({ capacity: limits[kind], keysMax, clock }));
    }
    this.#exchange = shared === null ? null : this.#createExchange(shared);
  }

  /** Exchanges usage with other processes from now on; the returned function stops that. */
  start(): () => void {
    const timer = setInterval(() => void this.exchange(), exchangeEveryMs).unref();
    return () => clearInterval(timer);
  }

  /** Exchanges usage once, now. */
  async exchange(): Promise<void> {
    await this.#exchange?.exchange();
  }

  /**
   * Charges an operation to all of its keys, or to none; null where nothing is limited. `paid` has been
   * charged for the same request before: together they need no more than a whole bucket.
   * @throws HttpRefusal with RATE_LIMITED, 429 and `retry-after`
   */
  charge(keys: readonly RateLimitKey[], cost: number, paid = 0): RateLimitStatus | null {
    // An operation that costs nothing to run costs something to read.
    const tokens = Math.max(1, cost);
    const charged: Charged[] = [];
    for (const key of keys) {
      const bucket = this.#buckets.get(key.kind)?.of(key.key);
      if (bucket === undefined) continue;
      refuseUnlessThere(key.kind, bucket.waitMsFor(tokens, paid));
      charged.push({ key, bucket });
    }
    let nearest: BucketLevel | null = null;
    for (const { key, bucket } of charged) {
      this.#exchange?.note(`${key.kind}:${key.key}`, tokens);
      const level = bucket.take(tokens);
      if (nearest === null || level.remaining < nearest.remaining) nearest = level;
    }
    if (nearest === null) return null;
    const { capacity, remaining, fullAt } = nearest;
    return { limit: capacity, cost: tokens, remaining, resetAt: new Date(fullAt) };
  }

  /**
   * Charges the length of an answer beyond what a page of rows has, in characters, to whoever received the
   * answer.
   */
  chargeAnswer(keys: readonly RateLimitKey[], length: number): void {
    const tokens = Math.floor(length / charactersPerCost);
    if (tokens === 0) return;
    for (const { kind, key } of keys) {
      const bucket = this.#buckets.get(kind)?.of(key);
      if (bucket === undefined) continue;
      this.#exchange?.note(`${kind}:${key}`, tokens);
      bucket.take(tokens);
    }
  }

  #createExchange({ counters, namespace }: SharedUsage): UsageExchange {
    return new UsageExchange({
      counters,
      keyPrefix: `${namespace}:usage:`,
      onUsedElsewhere: (name, amount) => {
        const [kind = '', ...key] = name.split(':');
        this.#buckets.get(kind)?.of(key.join(':')).take(amount);
      },
    });
  }
}

/** A key whose kind is limited. */
interface Charged {
  readonly key: RateLimitKey;
  readonly bucket: Bucket;
}

function refuseUnlessThere(kind: RateLimitKey['kind'], waitMs: number): void {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new HttpRefusal(
    429,
    'RATE_LIMITED',
    `This ${kind} has exceeded its rate limit; try again in ${seconds} s.`,
    { 'retry-after': String(seconds) },
  );
}
