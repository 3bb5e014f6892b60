import type { Clock } from '../../platform/runtime/clock.ts';
import type { SharedCounters } from '../../platform/security/shared-attempt-limiter.ts';
import { TokenBuckets, type Bucket, type BucketLevel } from '../../platform/security/token-buckets.ts';
import { UsageExchange } from '../../platform/security/usage-exchange.ts';
import { HttpRefusal } from '../errors/http-errors.ts';

/** Who an operation is charged to. */
export interface Payer {
  readonly kind: 'tenant' | 'user' | 'address';
  readonly key: string;
}

/** What each kind of payer may use up within a minute, in the measure of an operation's cost; 0 is no limit. */
export type RateLimits = Readonly<Record<Payer['kind'], number>>;

/** What an operation has used up, and what is left of the limit that is nearest. */
export interface RateLimitStatus {
  readonly limit: number;
  readonly cost: number;
  readonly remaining: number;
  readonly resetAt: Date;
}

/** Where processes count together; `namespace` is this product's. */
export interface SharedUsage {
  readonly counters: SharedCounters;
  readonly namespace: string;
}

/** The payers that are remembered, of each kind. */
const payersMax = 50_000;
/** How long a process may not know what another one let pass. */
const exchangeEveryMs = 1000;

/** Lets nobody use up what is there for all. */
export class RateLimiter {
  readonly #buckets = new Map<string, TokenBuckets>();
  readonly #exchange: UsageExchange | null;

  /** `shared` is null where each process counts for itself. */
  constructor(limits: RateLimits, clock: Clock, shared: SharedUsage | null) {
    for (const kind of ['tenant', 'user', 'address'] as const) {
      if (limits[kind] === 0) continue;
      this.#buckets.set(kind, new TokenBuckets({ capacity: limits[kind], keysMax: payersMax, clock }));
    }
    this.#exchange = shared === null ? null : this.#createExchange(shared);
  }

  /** Begins to tell other processes what is used here, and to learn what is used there; the returned function ends it. */
  start(): () => void {
    const timer = setInterval(() => void this.exchange(), exchangeEveryMs).unref();
    return () => clearInterval(timer);
  }

  /** Tells and learns it now. */
  async exchange(): Promise<void> {
    await this.#exchange?.exchange();
  }

  /**
   * Charges an operation to all of its payers, or to none; null where nothing is limited.
   * @throws HttpRefusal with RATE_LIMITED, 429 and `retry-after`
   */
  charge(payers: readonly Payer[], cost: number): RateLimitStatus | null {
    // What costs nothing to run costs something to read.
    const tokens = Math.max(1, cost);
    const charged: Charged[] = [];
    for (const payer of payers) {
      const bucket = this.#buckets.get(payer.kind)?.of(payer.key);
      if (bucket === undefined) continue;
      refuseUnlessThere(payer.kind, bucket.waitMsFor(tokens));
      charged.push({ payer, bucket });
    }
    let nearest: BucketLevel | null = null;
    for (const { payer, bucket } of charged) {
      this.#exchange?.note(`${payer.kind}:${payer.key}`, tokens);
      const level = bucket.take(tokens);
      if (nearest === null || level.remaining < nearest.remaining) nearest = level;
    }
    if (nearest === null) return null;
    const { capacity, remaining, fullAt } = nearest;
    return { limit: capacity, cost: tokens, remaining, resetAt: new Date(fullAt) };
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

/** A payer whose kind is limited. */
interface Charged {
  readonly payer: Payer;
  readonly bucket: Bucket;
}

function refuseUnlessThere(kind: Payer['kind'], waitMs: number): void {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new HttpRefusal(
    429,
    'RATE_LIMITED',
    `This ${kind} has asked for too much in too short a time; try again in ${seconds} s.`,
    { 'retry-after': String(seconds) },
  );
}
