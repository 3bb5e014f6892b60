import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { Server } from 'node:http';

/**
 * So many connections at the most are taken before the requests that wait are answered, whoever else may
 * come: as many as may wait to be taken. With fewer, those behind would wait until all of those in front are
 * served.
 */
const connectionsInARow = 4096;

/**
 * Lets a crowd in before it is served. Node takes one new connection in each turn of its event loop (libuv's
 * pull request 3696), and a turn lasts as long as the work that is ready in it: under load those who are in
 * keep those who come out, for so long that they give up. So while connections arrive, requests wait, and
 * turns are short; usually that is one turn.
 */
export class ConnectionBurst {
  #waiting: (() => void)[] = [];
  #connectionsInARow = 0;
  #hasArrived = false;

  /** Watches the connections of a server. */
  constructor(server: Server) {
    server.on('connection', () => this.#arrive());
  }

  /** At once, or resolves, when no further connection arrives or enough of them have. */
  settle(): MaybePromise<void> {
    if (this.#connectionsInARow === 0) return undefined;
    return new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #arrive(): void {
    this.#hasArrived = true;
    this.#connectionsInARow += 1;
    if (this.#connectionsInARow === 1) setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    if (this.#hasArrived && this.#connectionsInARow < connectionsInARow) {
      this.#hasArrived = false;
      setImmediate(() => this.#endTurn());
      return;
    }
    this.#hasArrived = false;
    this.#connectionsInARow = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
