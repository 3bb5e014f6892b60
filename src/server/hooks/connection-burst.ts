import type { Server } from 'node:http';

/**
 * The maximum number of connections that are accepted before waiting requests are answered, as many as the
 * backlog of a listening socket. With fewer, later clients would wait until all earlier ones are served.
 */
const connectionsInARow = 4096;

/**
 * Delays requests while connections arrive. Node accepts one connection per turn of its event loop (libuv's
 * pull request 3696), and a turn lasts as long as its work: under load, existing connections would keep new
 * ones out until they time out.
 */
export class ConnectionBurst {
  /** True while connections arrive, usually for one turn. */
  isArriving = false;
  #waiting: (() => void)[] = [];
  #connectionsInARow = 0;
  #hasArrived = false;

  /** Watches the connections of a server. */
  constructor(server: Server) {
    server.on('connection', () => this.#arrive());
  }

  /** Resolves when no further connection arrives or enough of them have. */
  async settled(): Promise<void> {
    if (this.isArriving) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #arrive(): void {
    this.#hasArrived = true;
    this.#connectionsInARow += 1;
    if (this.isArriving) return;
    this.isArriving = true;
    setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    if (this.#hasArrived && this.#connectionsInARow < connectionsInARow) {
      this.#hasArrived = false;
      setImmediate(() => this.#endTurn());
      return;
    }
    this.isArriving = false;
    this.#hasArrived = false;
    this.#connectionsInARow = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
