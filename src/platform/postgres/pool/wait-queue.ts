import type { DatabaseTimeouts } from '../timeouts.ts';
import { FairQueue, type Queued, type Shares } from './fair-queue.ts';
import type { PooledClient } from './pooled-client.ts';

/** A request for a connection. Times are by `performance.now()`. */
export interface Waiter extends Queued {
  readonly since: number;
  readonly resolve: (client: PooledClient) => void;
  readonly reject: (error: Error) => void;
}

const waitersMax = 10_000;

/**
 * The requests that wait for a connection, in turn by tenant and user; of a user oldest work first: else work
 * of many statements would wait as often, and under overload everything would reach its deadline half done.
 */
export class WaitQueue {
  readonly #timeouts: Pick<DatabaseTimeouts, 'connectMs' | 'waitMaxMs'>;
  readonly #waiters = new FairQueue<Waiter>();
  /** The last time at which a connection was handed out: that extends the time of all waiters. */
  movedAt = 0;

  constructor(timeouts: Pick<DatabaseTimeouts, 'connectMs' | 'waitMaxMs'>) {
    this.#timeouts = timeouts;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** Adds a waiter; returns the waiter that lost its place if there were too many, one of those with most. */
  join(waiter: Waiter): Waiter | undefined {
    this.#waiters.join(waiter);
    return this.#waiters.length > waitersMax ? this.#waiters.dropLast() : undefined;
  }

  /** Removes and returns the next waiter that may hold one more connection. */
  next(shares: Shares): Waiter | undefined {
    return this.#waiters.next(shares);
  }

  /** Removes and returns all waiters. */
  drain(): readonly Waiter[] {
    return this.#waiters.drain();
  }

  /**
   * Removes and returns the waiters whose time is over: `waitMaxMs` while the queue moves, else `connectMs`.
   */
  takeExpired(now: number): readonly Waiter[] {
    const { connectMs, waitMaxMs } = this.#timeouts;
    return this.#waiters.take(
      ({ since }) => now >= Math.min(Math.max(since, this.movedAt) + connectMs, since + waitMaxMs),
    );
  }
}
