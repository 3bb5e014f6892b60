import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { createId } from '../../platform/ids.ts';
import { Lease, type LeaseTimes, type Moment } from './lease.ts';
import { NotifyConnection } from './notify-connection.ts';
import { channelOf, type CoherenceMessage } from './coherence-message.ts';
import type { BarrierOutcome } from './heartbeat-round.ts';
import { KnownEpoch, type Epoch } from './epoch.ts';
import { Heartbeats } from './heartbeats.ts';

/** Options of a membership. */
export interface MembershipOptions {
  readonly url: string;
  readonly processId: string;
  readonly times: LeaseTimes;
  /** Returns a higher number at each call, unique within the process. */
  readonly nextNumber: () => number;
  /** Called synchronously in the order of the commits; null: everything. */
  readonly onInvalidated: (names: readonly string[] | null) => void;
  /** Called before anything may be answered from caches; null: a new epoch has begun. */
  readonly onJoined: (vouched: readonly string[] | null) => void;
  /** Returns the clean key spaces of the shared stores; null if one may hold invalidated entries. */
  readonly confirmStoresClean: () => Promise<readonly string[] | null>;
}

const probeMs = 1000;
/** Heartbeats without an own message received, after which the connection is replaced. */
const missedBeatsMax = 6;

/**
 * The membership of a process among those that receive commits, from the opening of one connection to its
 * loss.
 */
export class Membership {
  /** Resolves with the reason when the connection is lost. */
  readonly lost: Promise<Error>;
  readonly #options: MembershipOptions;
  readonly #connection: NotifyConnection;
  readonly #heartbeats: Heartbeats;
  readonly #lease: Lease;
  #hasConnected = false;
  readonly #epoch = new KnownEpoch();
  /**
   * True after joining: everything since was received, and the shared stores hold nothing invalid from
   * before.
   */
  #isMember = false;
  #isOver = false;
  #completeUntil: Moment | null = null;
  #beatsSinceReceived = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  #onProbe: ((text: string) => void) | null = null;

  constructor(options: MembershipOptions) {
    this.#options = options;
    const { url, processId, times } = options;
    this.#lease = new Lease(times);
    this.#connection = new NotifyConnection({
      url,
      processId,
      leaseMs: times.leaseMs + times.marginMs,
      onMessage: (message) => this.#receive(message),
    });
    this.#heartbeats = new Heartbeats({
      ...options,
      connection: this.#connection,
      onReceived: (sentAt) => {
        this.#beatsSinceReceived = 0;
        this.#lease.renew(sentAt);
        if (this.#isMember) this.#completeUntil = sentAt;
      },
      onEpoch: (epoch) => this.#learnEpoch(epoch),
      confirmClean: () => this.#confirmClean(),
    });
    this.lost = this.#connection.lost.then((reason) => {
      this.#end();
      return reason;
    });
  }

  get isTrusted(): boolean {
    return this.#isMember && this.#lease.isRunning;
  }

  /** The last moment up to which memory lacks no invalidation; null before joining. */
  get completeUntil(): Moment | null {
    return this.#completeUntil;
  }

  /** True if the database was reached at all. */
  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  get epoch(): string | null {
    return this.#epoch.name;
  }

  /** The identity of the database; null before it is connected. */
  get database(): string | null {
    return this.#connection.database;
  }

  /**
   * Connects; everything committed from now on is received.
   * @throws Error if the database is unavailable, or a pooler in between withholds notifications
   */
  async open(): Promise<void> {
    await this.#connection.open();
    this.#hasConnected = true;
    await this.#checkDelivery();
    if (this.#isOver) throw await this.lost;
    this.#heartbeats.beat();
    this.#heartbeat = setInterval(() => this.#beat(), this.#options.times.heartbeatMs);
  }

  /**
   * Joins the processes that may answer from their caches. A shared store can hold entries that were
   * invalidated while this process did not listen: another process has to confirm that it is clean, or
   * everything in it is invalidated.
   * @throws Error when the connection is lost first
   */
  async join(): Promise<void> {
    const vouched = await this.#heartbeats.findCleanKeySpaces();
    if (vouched === null) this.#learnEpoch(await this.#connection.raiseEpoch());
    if (this.#isOver) throw await this.lost;
    this.#options.onJoined(vouched);
    this.#isMember = true;
    this.#completeUntil = this.#lease.since;
  }

  /** Waits until all processes have received everything committed before the call. */
  async passBarrier(): Promise<BarrierOutcome> {
    return await this.#heartbeats.passBarrier();
  }

  /** Informs the others that they need not wait for this process. */
  async leave(): Promise<void> {
    this.#end();
    await this.#connection.leave();
  }

  fail(reason: Error): void {
    this.#end();
    this.#connection.fail(reason);
  }

  #end(): void {
    this.#isOver = true;
    this.#isMember = false;
    clearInterval(this.#heartbeat);
    this.#heartbeats.end();
  }

  async #confirmClean(): Promise<readonly string[] | null> {
    if (!this.#isMember) return null;
    const keySpaces = await this.#options.confirmStoresClean();
    return this.#isMember ? keySpaces : null;
  }

  #receive(message: CoherenceMessage): void {
    if ('ended' in message) this.#options.onInvalidated(message.ended);
    else if ('everything' in message) this.#options.onInvalidated(null);
    else if ('epoch' in message) this.#epoch.announce(message);
    else if ('probe' in message) this.#onProbe?.(message.probe);
    else this.#heartbeats.receive(message);
  }

  /** A restored database has other rows than those of which this process received the changes. */
  #learnEpoch(epoch: Epoch): void {
    if (!this.#epoch.learn(epoch)) this.fail(new Error('The database was restored from a copy.'));
  }

  /**
   * Checks that notifications arrive while the connection is idle. A transaction pooler delivers own
   * notifications with the response to a statement and withholds all others, so that the probe is sent over
   * another connection.
   */
  async #checkDelivery(): Promise<void> {
    const { url, processId } = this.#options;
    const probe = createId();
    const heard = new Promise<true>((resolve) => {
      this.#onProbe = (text) => text === probe && resolve(true);
    });
    await notify(url, channelOf(processId), { probe });
    const waiting = new AbortController();
    const isHeard = await Promise.race([heard, delay(probeMs, false, { signal: waiting.signal })]);
    waiting.abort();
    if (!isHeard) throw new Error('The connection withholds notifications, as a transaction pooler does.');
  }

  #beat(): void {
    this.#beatsSinceReceived += 1;
    if (this.#beatsSinceReceived > missedBeatsMax)
      this.fail(new Error('The connection no longer delivers notifications.'));
    else this.#heartbeats.beat();
  }
}

async function notify(url: string, channel: string, message: CoherenceMessage): Promise<void> {
  const client = new Client({
    connectionString: url,
    application_name: 'parley coherence probe',
    connectionTimeoutMillis: probeMs,
    query_timeout: probeMs,
  });
  // The failing query reports the same error.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('select pg_notify($1, $2)', [channel, JSON.stringify(message)]);
  } finally {
    await client.end();
  }
}
