import type { PoolClient } from 'pg';

/** Gives a connection back; with anything true, to be closed. */
export type GiveBack = (isBroken?: unknown) => void;

/** A connection that pg's pool has lent. */
export interface Lent {
  readonly client: PoolClient;
  /** To pg's pool. */
  readonly giveBack: GiveBack;
  /** How many have had it since that pool lent it. */
  readonly handOns: number;
}

/**
 * Connections that nobody wants any more, until the end of the turn of the event loop: then pg's pool gets them back. Somebody may come in
 * the same turn, and the way through that pool, with its timers and ticks, takes a tenth of a small statement's time.
 */
export class SpareConnections {
  #spare: Lent[] = [];

  get length(): number {
    return this.#spare.length;
  }

  put(lent: Lent): void {
    if (this.#spare.length === 0) setImmediate(() => this.#giveBack());
    this.#spare.push(lent);
  }

  take(): Lent | null {
    return this.#spare.pop() ?? null;
  }

  #giveBack(): void {
    const spare = this.#spare;
    this.#spare = [];
    for (const { giveBack } of spare) giveBack();
  }
}
