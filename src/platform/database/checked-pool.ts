import { AsyncResource } from 'node:async_hooks';
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg';

/** How long a connection may have been idle before it is checked, and how long the check may take, in milliseconds. */
export interface CheckTimes {
  readonly checkAfterIdleMs: number;
  readonly checkMs: number;
}

/** How busy a pool is. */
export interface PoolState {
  readonly inUse: number;
  readonly idle: number;
  /** Those who wait for a connection. */
  readonly waiting: number;
  /** How often nobody got a connection in time, since the start. */
  readonly timeouts: number;
}

type TakeClient = (
  error: Error | undefined,
  client: PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** Somebody who asked for a connection; over once they have one or were told that there is none. */
interface Waiter {
  readonly since: number;
  readonly take: TakeClient;
}

/**
 * pg's pool, whose connections are known to work: one that has been idle for a while may have been forgotten by a firewall
 * or belong to a server that is gone, which would show only when a statement is never answered.
 */
export class CheckedPool extends Pool {
  readonly #times: CheckTimes;
  readonly #answeredAt = new WeakMap<PoolClient, number>();
  readonly #takenAt = new Map<PoolClient, number>();
  readonly #waiters = new Set<Waiter>();
  #suspectBefore = 0;
  #timeouts = 0;
  #isAway = false;

  constructor(config: PoolConfig, times: CheckTimes) {
    super(config);
    this.#times = times;
    this.on('release', (_error, client) => {
      this.#takenAt.delete(client);
      this.#answeredAt.set(client, performance.now());
    });
  }

  get state(): PoolState {
    return {
      inUse: this.totalCount - this.idleCount,
      idle: this.idleCount,
      waiting: this.waitingCount,
      timeouts: this.#timeouts,
    };
  }

  /** Since when each connection that is in use or waited for has been so, by `performance.now()`. */
  busySince(): number[] {
    return [...this.#takenAt.values(), ...Array.from(this.#waiters, ({ since }) => since)];
  }

  /** Whether the database is known to say nothing at all: then nobody is made to wait for it. */
  set isAway(isAway: boolean) {
    if (isAway && !this.#isAway) this.#giveUp();
    this.#isAway = isAway;
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: TakeClient): void;
  override connect(callback?: TakeClient): Promise<PoolClient> | void {
    if (callback !== undefined) {
      // pg calls back from whatever gave the connection back, which may have been for another request.
      this.#wait(AsyncResource.bind(callback));
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.#wait((error, client) => {
        if (client === undefined) reject(error ?? away());
        else resolve(client);
      });
    });
  }

  #wait(take: TakeClient): void {
    if (this.#isAway) {
      take(away(), undefined, ignore);
      return;
    }
    const waiter: Waiter = { since: performance.now(), take };
    this.#waiters.add(waiter);
    this.#serve(waiter);
  }

  #serve(waiter: Waiter): void {
    super.connect((error, client, done) => {
      if (client === undefined) {
        if (error !== undefined && isTimeout(error)) this.#timeouts += 1;
        this.#refuse(waiter, error ?? away());
        return;
      }
      const answeredAt = this.#answeredAt.get(client) ?? Infinity;
      if (
        answeredAt >= this.#suspectBefore &&
        performance.now() - answeredAt < this.#times.checkAfterIdleMs
      ) {
        this.#handOver(waiter, client, done);
        return;
      }
      void this.#isAlive(client, answeredAt).then((isAlive) => {
        if (isAlive) {
          this.#handOver(waiter, client, done);
          return;
        }
        done(true);
        if (this.#waiters.has(waiter)) this.#serve(waiter);
      });
    });
  }

  #handOver(waiter: Waiter, client: PoolClient, done: (release?: unknown) => void): void {
    if (!this.#waiters.delete(waiter)) {
      // Whoever asked was told meanwhile that there is none.
      done();
      return;
    }
    this.#takenAt.set(client, performance.now());
    waiter.take(undefined, client, done);
  }

  #refuse(waiter: Waiter, error: Error): void {
    if (this.#waiters.delete(waiter)) waiter.take(error, undefined, ignore);
  }

  #giveUp(): void {
    // Nothing that was open is used again: what it still has to say belongs to questions that were given up.
    this.#suspectBefore = performance.now();
    for (const client of this.#takenAt.keys()) client.connection.stream.destroy();
    for (const waiter of this.#waiters) this.#refuse(waiter, away());
  }

  /** Never rejects. Where one connection is dead, those that were idle as long are not waited for one by one. */
  async #isAlive(client: PoolClient, answeredAt: number): Promise<boolean> {
    if (answeredAt < this.#suspectBefore) return false;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#times.checkMs);
    });
    // While nobody else listens, a connection that breaks would end the process.
    client.on('error', ignore);
    const answer = ask(client).then(
      () => true,
      () => false,
    );
    const isAlive = await Promise.race([answer, tooLong]);
    clearTimeout(timer);
    client.off('error', ignore);
    if (!isAlive) this.#suspectBefore = performance.now();
    return isAlive;
  }
}

/** Not by the connection's own `query`, which would count it among the statements of a request. */
function ask(client: PoolClient): Promise<unknown> {
  return Promise.resolve<unknown>(
    Reflect.apply(Reflect.get(Client.prototype, 'query'), client, ['select 1']),
  );
}

/** The check's own promise is rejected by the same event, and that one is heard. */
function ignore(): void {}

/** In pg's own words for what is lost, which are known to mean that the database is away. */
function away(): Error {
  return new Error('Connection terminated: the database says nothing');
}

function isTimeout({ message }: Error): boolean {
  return /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout)/.test(
    message,
  );
}
