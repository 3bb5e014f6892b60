import { AsyncResource } from 'node:async_hooks';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { ConnectionTrust, type CheckTimes } from './connection-health.ts';
import { away, busy, isTimeout } from './pool-errors.ts';
import { Silences, type Silence } from './stalled-connections.ts';
import { SpareConnections, type GiveBack, type Lent } from './idle-handoff.ts';
import { WaitingLine, type InLine, type WaitTimes } from './wait-queue.ts';

/** How busy a pool is. */
export interface PoolState {
  readonly inUse: number;
  readonly idle: number;
  /** Those who wait for a connection. */
  readonly waiting: number;
  /** How often nobody got a connection in time, since the start. */
  readonly timeouts: number;
}

type TakeClient = (error: Error | undefined, client: PoolClient | undefined, giveBack: GiveBack) => void;

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

/** Then pg's pool gets a connection to see, which knows whether it has become too old. */
const handOnsMax = 1000;

/**
 * pg's pool, whose connections are known to work: one that has been idle for a while may have been forgotten by a firewall
 * or belong to a server that is gone, which would show only when a statement is never answered. Who waits does so in a line of
 * ours: pg's own would turn everybody away after the same time, though the line moves. A connection that is given back is handed to
 * whoever waits, or comes in the same turn of the event loop.
 */
export class CheckedPool extends Pool {
  readonly #trust: ConnectionTrust;
  readonly #sizeMax: number;
  readonly #line: WaitingLine<Waiter>;
  readonly #silences = new Silences();
  readonly #attempts = new Set<Attempt>();
  readonly #held = new Set<PoolClient>();
  /** Nobody waits while there are any. */
  readonly #spare = new SpareConnections();
  #heardAt = 0;
  #timeouts = 0;
  #isAway = false;

  constructor(config: PoolConfig & { readonly max: number }, times: CheckTimes & WaitTimes) {
    super(config);
    this.#trust = new ConnectionTrust(times);
    this.#sizeMax = config.max;
    this.#line = new WaitingLine(times);
    this.on('connect', (client) => this.#trust.noteAnswer(client, performance.now()));
    this.on('release', (error, client) => {
      // One that nobody held was asked nothing, so it has answered nothing.
      if (!this.#held.delete(client)) return;
      const now = performance.now();
      this.#trust.noteAnswer(client, now);
      if (!error) this.#heardAt = now;
      process.nextTick(() => this.#advance());
    });
  }

  get state(): PoolState {
    return {
      inUse: this.totalCount - this.idleCount - this.#spare.length,
      idle: this.idleCount + this.#spare.length,
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
    this.#trust.suspectAll();
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
    const spare = this.ending ? null : this.#takeSpare();
    if (spare !== null) {
      this.#lend(take, spare);
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
      if (this.#trust.isTrusted(client)) this.#handOver(attempt, client, done);
      else void this.#check(attempt, client, done);
    });
  }

  async #check(attempt: Attempt, client: PoolClient, done: GiveBack): Promise<void> {
    if (await this.#trust.isAlive(client)) {
      this.#handOver(attempt, client, done);
      return;
    }
    this.#attempts.delete(attempt);
    done(true);
    // Who says nothing does not take leave either.
    client.connection.stream.destroy();
    this.#advance();
  }

  #handOver(attempt: Attempt, client: PoolClient, done: GiveBack): void {
    this.#attempts.delete(attempt);
    const waiter = this.#line.next();
    if (waiter === null) {
      done();
      return;
    }
    this.#lend(waiter.take, { client, giveBack: done, handOns: 0 });
  }

  #lend(take: TakeClient, { client, giveBack, handOns }: Lent): void {
    let isBack = false;
    const takeBack: GiveBack = (isBroken) => {
      // Somebody else may have it already. Who asks the connection itself to be released asks for its present holder.
      if (isBack) throw new Error('A connection was given back twice.');
      isBack = true;
      this.#takeBack({ client, giveBack, handOns: handOns + 1 }, isBroken);
    };
    this.#held.add(client);
    this.#line.noteMove();
    client.release = takeBack;
    take(undefined, client, takeBack);
  }

  #takeBack(lent: Lent, isBroken: unknown): void {
    const { client, giveBack, handOns } = lent;
    const isLost = Boolean(isBroken) || !client.connection.stream.writable;
    if (isLost || client.getTransactionStatus() !== 'I' || this.ending || handOns >= handOnsMax) {
      giveBack(isLost);
      return;
    }
    this.#held.delete(client);
    this.#heardAt = performance.now();
    this.#trust.noteAnswer(client, this.#heardAt);
    const waiter = this.#line.next();
    if (waiter !== null) {
      this.#lend(waiter.take, lent);
      return;
    }
    this.#spare.put(lent);
  }

  /** Null where there is none that can be used at once. */
  #takeSpare(): Lent | null {
    for (let lent = this.#spare.take(); lent !== null; lent = this.#spare.take()) {
      const { client, giveBack } = lent;
      const isLost = !client.connection.stream.writable;
      if (!isLost && this.#trust.isTrusted(client)) return lent;
      giveBack(isLost);
    }
    return null;
  }

  #giveUp(): void {
    // Nothing that was open is used again: what it still has to say belongs to questions that were given up.
    this.discard(this.#held);
    this.#line.disperse();
  }
}

/** The check's own promise is rejected by the same event, and that one is heard. */
function ignore(): void {}
