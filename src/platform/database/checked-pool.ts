import { AsyncResource } from 'node:async_hooks';
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg';
import { Silences, type Silence } from './silences.ts';
import { WaitingLine, type InLine, type WaitTimes } from './waiting-line.ts';

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

/** Somebody who asked for a connection. */
interface Waiter extends InLine {
  readonly take: TakeClient;
}

/** The way to a connection for whoever waits first when it is there: one that is idle, or a new one. */
interface Attempt {
  readonly since: number;
  /** Whether an idle one was there to be had, so that it is a matter of a moment. */
  readonly isClaim: boolean;
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
  readonly #attempts = new Set<Attempt>();
  readonly #held = new Set<PoolClient>();
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
    return Array.from(this.#attempts, ({ since }) => since);
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
    // What is called back comes from whatever gave the connection back, which may have been for another request.
    if (callback !== undefined) return this.#wait(AsyncResource.bind(callback));
    return this.connectSince(performance.now());
  }

  /** For work that began at that moment: it comes before work that began later, though it asks for a connection again. */
  connectSince(since: number): Promise<PoolClient> {
    return new Promise((resolve, reject) => {
      this.#wait((error, client) => {
        if (client === undefined) reject(error ?? away());
        else resolve(client);
      }, since);
    });
  }

  #wait(take: TakeClient, workSince: number = performance.now()): void {
    if (this.#isAway) {
      take(away(), undefined, ignore);
      return;
    }
    const turnAway = () => this.#turnAway(take);
    this.#line.join({ since: performance.now(), workSince, take, turnAway });
    this.#advance();
  }

  #turnAway(take: TakeClient): void {
    if (!this.#isAway) this.#timeouts += 1;
    take(this.#isAway ? away() : busy(), undefined, ignore);
  }

  /** Sees to it that there is, or will be, a connection for each who waits, as far as there may be. */
  #advance(): void {
    for (;;) {
      const claims = [...this.#attempts].filter(({ isClaim }) => isClaim).length;
      const isIdleThere = this.idleCount > claims && this.#line.length > claims;
      const mayGrow =
        this.#line.length > this.#attempts.size && this.#held.size + this.#attempts.size < this.#sizeMax;
      if (!isIdleThere && !mayGrow) return;
      this.#obtain({ since: performance.now(), isClaim: isIdleThere });
    }
  }

  #obtain(attempt: Attempt): void {
    this.#attempts.add(attempt);
    super.connect((error, client, done) => {
      if (client === undefined) {
        this.#attempts.delete(attempt);
        // What took too long may have been this connection alone; the line knows whether others get theirs.
        if (error === undefined || !isTimeout(error))
          this.#line.next()?.take(error ?? away(), undefined, ignore);
        process.nextTick(() => this.#advance());
        return;
      }
      const answeredAt = this.#answeredAt.get(client) ?? Infinity;
      const isTrusted =
        answeredAt >= this.#suspectBefore && performance.now() - answeredAt < this.#times.checkAfterIdleMs;
      if (isTrusted) this.#handOver(attempt, client, done);
      else void this.#check(attempt, client, done);
    });
  }

  async #check(attempt: Attempt, client: PoolClient, done: (release?: unknown) => void): Promise<void> {
    if (await this.#isAlive(client)) {
      this.#handOver(attempt, client, done);
      return;
    }
    this.#attempts.delete(attempt);
    done(true);
    // Who says nothing does not take leave either.
    client.connection.stream.destroy();
    this.#advance();
  }

  #handOver(attempt: Attempt, client: PoolClient, done: (release?: unknown) => void): void {
    this.#attempts.delete(attempt);
    const waiter = this.#line.next();
    if (waiter === null) {
      const answeredAt = this.#answeredAt.get(client);
      done();
      // It was asked nothing, so it has answered nothing.
      if (answeredAt !== undefined) this.#answeredAt.set(client, answeredAt);
      return;
    }
    this.#held.add(client);
    this.#line.noteMove();
    waiter.take(undefined, client, done);
  }

  #giveUp(): void {
    // Nothing that was open is used again: what it still has to say belongs to questions that were given up.
    this.discard(this.#held);
    this.#line.disperse();
  }

  /** Never rejects. Where one connection is dead, those that were idle as long are not waited for one by one. */
  async #isAlive(client: PoolClient): Promise<boolean> {
    if ((this.#answeredAt.get(client) ?? Infinity) < this.#suspectBefore) return false;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#times.checkMs);
    });
    const answer = ask(client).then(
      () => true,
      () => false,
    );
    const isAlive = await Promise.race([answer, tooLong]);
    clearTimeout(timer);
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
