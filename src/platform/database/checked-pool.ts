import { AsyncResource } from 'node:async_hooks';
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg';
import { Silences, type Silence } from './silences.ts';
import { WaitingLine, type WaitTimes } from './waiting-line.ts';

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
  readonly turnAway: () => void;
}

/**
 * pg's pool, whose connections are known to work: one that has been idle for a while may have been forgotten by a firewall
 * or belong to a server that is gone, which would show only when a statement is never answered. Who waits does so in a line of
 * ours: pg's own would turn everybody away after the same time, though the line moves.
 */
export class CheckedPool extends Pool {
  readonly #times: CheckTimes;
  readonly #sizeMax: number;
  readonly #line: WaitingLine<Waiter>;
  readonly #silences = new Silences();
  readonly #answeredAt = new WeakMap<PoolClient, number>();
  /** Since when a connection is being found or made for each. */
  readonly #served = new Map<Waiter, number>();
  readonly #held = new Set<PoolClient>();
  #connecting = 0;
  #suspectBefore = 0;
  #heardAt = 0;
  #timeouts = 0;
  #isAway = false;

  constructor(config: PoolConfig & { readonly max: number }, times: CheckTimes & WaitTimes) {
    super(config);
    this.#times = times;
    this.#sizeMax = config.max;
    this.#line = new WaitingLine(times);
    this.on('release', (error, client) => {
      const now = performance.now();
      this.#answeredAt.set(client, now);
      if (!error) this.#heardAt = now;
      if (this.#held.delete(client)) process.nextTick(() => this.#advance());
    });
  }

  get state(): PoolState {
    return {
      inUse: this.totalCount - this.idleCount,
      idle: this.idleCount,
      waiting: this.#line.length,
      timeouts: this.#timeouts,
    };
  }

  /** When the database last answered somebody, by `performance.now()`, as all moments here. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** The connections that owe an answer; to be asked often, because it shows only in several looks. */
  silences(): readonly Silence[] {
    return this.#silences.look(this.#held);
  }

  /** Since when each connection that is being made has been so. */
  connectingSince(): readonly number[] {
    return [...this.#served.values()];
  }

  /** Ends connections that are dead, and trusts none that was idle meanwhile. */
  discard(clients: Iterable<PoolClient>): void {
    this.#suspectBefore = performance.now();
    for (const client of clients) {
      if (this.#held.has(client)) client.connection.stream.destroy();
    }
  }

  /** Whether the database is known to say nothing at all: then nobody is made to wait for it. */
  set isAway(isAway: boolean) {
    const wasAway = this.#isAway;
    this.#isAway = isAway;
    if (isAway && !wasAway) this.#giveUp();
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
    this.#line.join({ since: performance.now(), take, turnAway: () => this.#turnAway(take) });
    this.#advance();
  }

  #turnAway(take: TakeClient): void {
    if (!this.#isAway) this.#timeouts += 1;
    take(this.#isAway ? away() : busy(), undefined, ignore);
  }

  #advance(): void {
    while (this.#held.size + this.#connecting < this.#sizeMax) {
      const waiter = this.#line.next();
      if (waiter === null) return;
      this.#served.set(waiter, performance.now());
      this.#serve(waiter);
    }
  }

  #serve(waiter: Waiter): void {
    this.#connecting += 1;
    super.connect((error, client, done) => {
      this.#connecting -= 1;
      if (client === undefined) {
        // Others may get theirs: it was the new connection that could not be made in time.
        if (error !== undefined && isTimeout(error)) this.#putBack(waiter);
        else this.#refuse(waiter, error ?? away());
        process.nextTick(() => this.#advance());
        return;
      }
      this.#held.add(client);
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
        // Who says nothing does not take leave either.
        client.connection.stream.destroy();
        if (this.#served.has(waiter)) this.#serve(waiter);
      });
    });
  }

  #handOver(waiter: Waiter, client: PoolClient, done: (release?: unknown) => void): void {
    if (!this.#served.delete(waiter)) {
      // Whoever asked was told meanwhile that there is none.
      done();
      return;
    }
    this.#line.noteMove();
    waiter.take(undefined, client, done);
  }

  #putBack(waiter: Waiter): void {
    if (this.#served.delete(waiter)) this.#line.rejoin(waiter);
  }

  #refuse(waiter: Waiter, error: Error): void {
    if (this.#served.delete(waiter)) waiter.take(error, undefined, ignore);
  }

  #giveUp(): void {
    // Nothing that was open is used again: what it still has to say belongs to questions that were given up.
    this.discard(this.#held);
    for (const waiter of this.#served.keys()) this.#refuse(waiter, away());
    this.#line.disperse();
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

/** In pg's own words for what its line would say. */
function busy(): Error {
  return new Error('timeout exceeded when trying to connect');
}

function isTimeout({ message }: Error): boolean {
  return /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout)/.test(
    message,
  );
}
