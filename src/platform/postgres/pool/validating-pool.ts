import { Pool, type PoolClient, type PoolConfig } from 'pg';
import type { DatabaseTimeouts } from '../timeouts.ts';
import type { WorkOwner } from '../../runtime/work-owner.ts';
import { ConnectionShares } from './connection-shares.ts';
import { connectionLost, poolEnded, poolExhausted } from './pool-errors.ts';
import type { PoolState } from './pool-state.ts';
import type { PooledClient } from './pooled-client.ts';
import { WaitQueue, type Waiter } from './wait-queue.ts';

type Release = (isBroken?: unknown) => void;
type OnConnect = (error: Error | undefined, client: PoolClient | undefined, release: Release) => void;

const sweepEveryMs = 100;

/**
 * A pool that checks connections after they were idle, as their server may be gone. A
 * released connection goes to the next waiter directly, which takes a tenth less time for a small
 * statement than pg's own pool; that one is extended only because Prisma requires its type.
 */
export class ValidatingPool extends Pool {
  readonly #createClient: () => PooledClient;
  readonly #size: { readonly min: number; readonly max: number };
  readonly #limits: DatabaseTimeouts;
  readonly #queue: WaitQueue;
  readonly #shares: ConnectionShares;
  readonly #sweeper: NodeJS.Timeout;
  #clients: PooledClient[] = [];
  /** The most recently used connection is the last. */
  #idle: PooledClient[] = [];
  #respondedAt = 0;
  #timeouts = 0;
  #isUnresponsive = false;
  #onEmpty: () => void = ignore;
  /** Returns the owner of the running work; null for work of the server itself. */
  ownerOf: () => WorkOwner | null = () => null;

  constructor(
    config: PoolConfig & { readonly min: number; readonly max: number },
    limits: DatabaseTimeouts,
    createClient: () => PooledClient,
  ) {
    super(config);
    this.#createClient = createClient;
    this.#size = config;
    this.#limits = limits;
    this.#queue = new WaitQueue(limits);
    this.#shares = new ConnectionShares(config.max, () => this.clientsIn('held'), performance);
    // If the process itself stalled, connections released meanwhile are handed out before waiters expire.
    this.#sweeper = setInterval(() => setImmediate(() => this.#sweep()), sweepEveryMs).unref();
  }

  get state(): PoolState {
    const [idle, waiting] = [this.#idle.length, this.#queue.length];
    return { inUse: this.#clients.length - idle, idle, waiting, timeouts: this.#timeouts };
  }

  /** The last time at which a connection was released in working order, by `performance.now()`. */
  get respondedAt(): number {
    return this.#respondedAt;
  }

  /** Returns the connections in a state. */
  clientsIn(state: PooledClient['state']): readonly PooledClient[] {
    return this.#clients.filter((client) => client.state === state);
  }

  /** Destroys connections that do not respond, and all idle ones, which may be as dead. */
  destroy(clients: Iterable<PooledClient>): void {
    for (const client of clients) client.destroy();
    for (const client of this.#idle) this.#close(client, true);
  }

  /** While the database is unresponsive, every request fails immediately. */
  set isUnresponsive(isUnresponsive: boolean) {
    const hasBegun = isUnresponsive && !this.#isUnresponsive;
    this.#isUnresponsive = isUnresponsive;
    if (!hasBegun) return;
    // No connection is used again: late responses belong to statements that have failed.
    this.destroy(this.clientsIn('held'));
    for (const waiter of this.#queue.drain()) waiter.reject(connectionLost());
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: OnConnect): void;
  override connect(callback?: OnConnect): Promise<PoolClient> | void {
    const connected = this.#connect();
    if (callback === undefined) return connected;
    void connected.then(
      (client) => callback(undefined, client, client.release),
      (error: Error) => callback(error, undefined, ignore),
    );
  }

  async #connect(): Promise<PooledClient> {
    const client = await this.acquire(performance.now());
    let isReleased = false;
    client.release = (isBroken) => {
      // A second release would take the connection from its next holder.
      if (isReleased) throw new Error('This connection was released twice.');
      isReleased = true;
      this.giveBack(client, Boolean(isBroken));
    };
    return client;
  }

  /**
   * Returns a connection for work that began at a time, which is served before work that began later; a
   * promise if none is idle. `giveBack` must be called once.
   */
  acquire(workSince: number): PooledClient | Promise<PooledClient> {
    const now = performance.now();
    const owner = this.ownerOf();
    const client = this.#idle.at(-1);
    const isFresh = client?.isWritable === true && now - client.since < this.#limits.checkAfterIdleMs;
    const isOpen = !this.#isUnresponsive && !this.ending;
    if (isFresh && isOpen && !this.#shares.mustLeave(owner, now)) {
      this.#idle.pop();
      this.#hold(client, owner);
      return client;
    }
    return new Promise((resolve, reject) => {
      if (this.#isUnresponsive) reject(connectionLost());
      else if (this.ending) reject(poolEnded());
      else this.#wait({ since: now, workSince, owner, resolve, reject });
    });
  }

  /** Takes back a connection that `acquire` returned; a broken one is closed. */
  giveBack(client: PooledClient, isBroken: boolean): void {
    const now = performance.now();
    const isLost = isBroken || !client.isWritable;
    client.respondBy = Infinity;
    this.#shares.noteUse(client.owner, now - client.since);
    if (!isLost) this.#respondedAt = now;
    const isOld = now - client.openedAt >= this.#limits.lifetimeMs;
    // Within a transaction, the next statements would become part of it.
    if (isLost || isOld || client.getTransactionStatus() !== 'I') {
      this.#close(client);
      this.#serve();
    } else this.#offer(client);
  }

  /** Waits until every connection has been released. */
  override async end(): Promise<void> {
    await super.end();
    clearInterval(this.#sweeper);
    for (const waiter of this.#queue.drain()) waiter.reject(poolEnded());
    for (const client of this.#idle) this.#close(client);
    if (this.#clients.length > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  #wait(waiter: Waiter): void {
    this.#shares.noteNeed(waiter.owner);
    this.#queue.join(waiter)?.reject(poolExhausted());
    if (!this.#shares.mustLeave(waiter.owner, performance.now())) this.#serve();
  }

  #hold(client: PooledClient, owner: WorkOwner | null): void {
    client.enter('held');
    client.owner = owner;
    this.#queue.movedAt = client.since;
  }

  /** Checks idle connections and opens new ones, one for each waiter, as far as the size allows. */
  #serve(): void {
    let pending = this.clientsIn('checking').length;
    for (; pending < this.#queue.length && this.#idle.length > 0; pending += 1) {
      const client = this.#idle.pop();
      if (client !== undefined) void this.#check(client);
    }
    pending += this.clientsIn('opening').length;
    for (; pending < this.#queue.length && this.#clients.length < this.#size.max; pending += 1) this.#open();
  }

  #open(): void {
    const client = this.#createClient();
    this.#clients.push(client);
    // A connection in use reports errors to its statement; without a listener they would end the process.
    client.on('error', (error) => {
      if (client.state !== 'idle') return;
      this.#close(client);
      this.emit('error', error, client);
    });
    client.connect((error: Error | null | undefined) => {
      if (error === null || error === undefined) {
        this.emit('connect', client);
        this.#offer(client);
        return;
      }
      this.#close(client, true);
      // A timeout may concern this connection alone; the queue knows whether others are served.
      if (error.message !== 'timeout expired') this.#queue.next(this.#shares)?.reject(error);
      this.#serve();
    });
  }

  async #check(client: PooledClient): Promise<void> {
    client.enter('checking');
    if (await client.responds(this.#limits.checkMs)) {
      this.#offer(client);
      return;
    }
    this.#close(client, true);
    this.destroy([]);
    this.#serve();
  }

  #offer(client: PooledClient): void {
    const waiter = this.#queue.next(this.#shares);
    if (waiter !== undefined) {
      this.#hold(client, waiter.owner);
      waiter.resolve(client);
    } else if (this.ending) this.#close(client);
    else {
      client.enter('idle');
      this.#idle.push(client);
    }
  }

  #close(client: PooledClient, isDead = false): void {
    client.enter('closed');
    const isOther = (other: PooledClient) => other !== client;
    this.#clients = this.#clients.filter(isOther);
    this.#idle = this.#idle.filter(isOther);
    if (isDead) client.destroy();
    else void client.end();
    if (this.#clients.length === 0) this.#onEmpty();
  }

  #sweep(): void {
    const now = performance.now();
    for (const waiter of this.#queue.takeExpired(now)) {
      this.#timeouts += 1;
      waiter.reject(poolExhausted());
    }
    // Waiters who left connections to others may have them once these do not need them any longer.
    const waiter = this.#idle.length === 0 ? undefined : this.#queue.next(this.#shares);
    if (waiter !== undefined) this.#wait(waiter);
    for (const client of this.#idle) {
      const isSpare = this.#clients.length > this.#size.min && now - client.since >= this.#limits.idleMs;
      if (isSpare || now - client.openedAt >= this.#limits.lifetimeMs) this.#close(client);
    }
    // Fails the statement of a connection that owes a response, with pg's own message for a read timeout.
    for (const client of this.#clients) {
      if (now >= client.respondBy) client.destroy(new Error('Query read timeout'));
    }
  }
}

function ignore(): void {}
