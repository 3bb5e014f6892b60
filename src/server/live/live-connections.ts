import { setTimeout as delay } from 'node:timers/promises';

/** A live connection of any transport. */
export interface LiveConnection {
  /** Closes because the server stops; the client is expected to connect again. */
  closeForRestart(): void;
  /** Called periodically; `now` is in milliseconds by `performance.now()`. */
  tick(now: number): void;
}

const tickMs = 4000;
/** Closes of connections are spread in steps, in milliseconds. */
const drainStepMs = 50;

/** All live connections of the process, by user. */
export class LiveConnections {
  /** True once the server stops: new connections are rejected. */
  isDraining = false;
  readonly #connectionsPerUserMax: number;
  readonly #connections = new Set<LiveConnection>();
  readonly #countByUser = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(connectionsPerUserMax: number) {
    this.#connectionsPerUserMax = connectionsPerUserMax;
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const connection of this.#connections) connection.tick(now);
    }, tickMs).unref();
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Adds a connection; returns null if the user has too many, else a function that removes it. */
  add(userKey: string, connection: LiveConnection): (() => void) | null {
    const count = this.#countByUser.get(userKey) ?? 0;
    if (count >= this.#connectionsPerUserMax) return null;
    this.#countByUser.set(userKey, count + 1);
    this.#connections.add(connection);
    return () => {
      if (!this.#connections.delete(connection)) return;
      const left = (this.#countByUser.get(userKey) ?? 1) - 1;
      if (left === 0) this.#countByUser.delete(userKey);
      else this.#countByUser.set(userKey, left);
    };
  }

  /** Closes all connections evenly over a time, so that their clients do not come back all together. */
  async drain(drainMs: number): Promise<void> {
    this.isDraining = true;
    clearInterval(this.#timer);
    const all = [...this.#connections];
    const steps = Math.max(1, Math.min(all.length, Math.floor(drainMs / drainStepMs)));
    const perStep = Math.ceil(all.length / steps);
    for (let start = 0; start < all.length; start += perStep) {
      if (start > 0) await delay(drainMs / steps);
      for (const connection of all.slice(start, start + perStep)) connection.closeForRestart();
    }
  }
}
