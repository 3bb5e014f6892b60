import type { Clock } from '../platform/clock.ts';
import { TokenBuckets, type BucketLevel } from '../platform/token-buckets.ts';
import { HttpRefusal } from './failure.ts';

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

/** The payers that are remembered, of each kind. */
const payersMax = 50_000;

/** Lets nobody use up what is there for all. */
export class RateLimiter {
  readonly #buckets = new Map<Payer['kind'], TokenBuckets>();

  constructor(limits: RateLimits, clock: Clock) {
    for (const kind of ['tenant', 'user', 'address'] as const) {
      if (limits[kind] === 0) continue;
      this.#buckets.set(kind, new TokenBuckets({ capacity: limits[kind], keysMax: payersMax, clock }));
    }
  }

  /**
   * Charges an operation to all of its payers, or to none; null where nothing is limited.
   * @throws HttpRefusal with RATE_LIMITED, 429 and `retry-after`
   */
  charge(payers: readonly Payer[], cost: number): RateLimitStatus | null {
    // What costs nothing to run costs something to read.
    const tokens = Math.max(1, cost);
    const limited = payers.flatMap(({ kind, key }) => {
      const buckets = this.#buckets.get(kind);
      return buckets === undefined ? [] : [{ kind, key, buckets }];
    });
    for (const { kind, key, buckets } of limited) refuseUnlessThere(kind, buckets.look(key, tokens));
    const levels = limited.map(({ key, buckets }) => buckets.take(key, tokens));
    const [nearest] = levels.toSorted((left, right) => left.remaining - right.remaining);
    if (nearest === undefined) return null;
    const { capacity, remaining, fullAt } = nearest;
    return { limit: capacity, cost: tokens, remaining, resetAt: new Date(fullAt) };
  }
}

function refuseUnlessThere(kind: Payer['kind'], { waitMs }: BucketLevel): void {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new HttpRefusal(
    429,
    'RATE_LIMITED',
    `This ${kind} has asked for too much in too short a time; try again in ${seconds} s.`,
    { 'retry-after': String(seconds) },
  );
}
