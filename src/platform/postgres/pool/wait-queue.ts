import type { DatabaseTimeouts } from '../timeouts.ts';
import type { PooledClient } from './pooled-client.ts';

/** A request for a connection. Times are by `performance.now()`. */
export interface Waiter {
  readonly since: number;
  /** The start of the work that needs the connection; it may have waited for others before. */
  readonly workSince: number;
  readonly resolve: (client: PooledClient) => void;
  readonly reject: (error: Error) => void;
}

const waitersMax = 10_000;

/**
 * The requests that wait for a connection, oldest work first: else work of many statements would wait as
 * often, and under overload everything would reach its deadline half done.
 */
export class WaitQueue {
  readonly #timeouts: Pick<DatabaseTimeouts, 'connectMs' | 'waitMaxMs'>;
  /** The last time at which a connection was handed out: that extends the time of all waiters. */
  movedAt = 0;
  #waiters: Waiter[] = [];

  constructor(timeouts: Pick<DatabaseTimeouts, 'connectMs' | 'waitMaxMs'>) {
    this.#timeouts = timeouts;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** Returns false when the queue is full. */
  join(waiter: Waiter): boolean {
    if (this.#waiters.length >= waitersMax) return false;
    const index = this.#waiters.findLastIndex(({ workSince }) => workSince <= waiter.workSince) + 1;
    this.#waiters.splice(index, 0, waiter);
    return true;
  }

  /** Removes and returns the first waiter. */
  next(): Waiter | undefined {
    return this.#waiters.shift();
  }

  /** Removes and returns all waiters. */
  drain(): readonly Waiter[] {
    return this.#waiters.splice(0);
  }

  /**
   * Removes and returns the waiters whose time is over: `waitMaxMs` while the queue moves, else `connectMs`.
   */
  takeExpired(now: number): readonly Waiter[] {
    const { connectMs, waitMaxMs } = this.#timeouts;
    const isExpired = ({ since }: Waiter) =>
      now >= Math.min(Math.max(since, this.movedAt) + connectMs, since + waitMaxMs);
    const expired = this.#waiters.filter(isExpired);
    if (expired.length > 0) this.#waiters = this.#waiters.filter((waiter) => !isExpired(waiter));
    return expired;
  }
}
