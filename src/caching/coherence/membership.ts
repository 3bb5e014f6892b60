import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { createId } from '../../platform/ids.ts';
import { Lease, type LeaseTimes } from './lease.ts';
import { NotifyConnection } from './notify-connection.ts';
import { channelOf, type CoherenceMessage } from './coherence-message.ts';
import type { BarrierOutcome } from './heartbeat-round.ts';
import { Heartbeats } from './heartbeats.ts';

/** Who attends, and what is to be done with what is heard. */
export interface MembershipOptions {
  readonly url: string;
  readonly processId: string;
  readonly times: LeaseTimes;
  /** Never the same number twice in the life of the process, and always a higher one. */
  readonly nextNumber: () => number;
  /** Called at once, in the order of the commits; null is "everything". */
  readonly onInvalidated: (names: readonly string[] | null) => void;
  /** Called before anything may be answered from caches; null: what shared stores held has ended with the epoch. */
  readonly onJoined: (vouched: readonly string[] | null) => void;
  /** The places in shared stores that hold nothing of what this process knows to have ended; null when one may. */
  readonly confirmStoresClean: () => Promise<readonly string[] | null>;
}

const probeMs = 1000;
/** In heartbeats: who doesn't hear itself for so long tries another connection. */
const deafnessMax = 6;

/** A process's time among those that hear what is committed: from the opening of one connection to its loss. */
export class Membership {
  /** Resolves with the reason when the connection is gone. */
  readonly lost: Promise<Error>;
  readonly #options: MembershipOptions;
  readonly #connection: NotifyConnection;
  readonly #heartbeats: Heartbeats;
  readonly #lease: Lease;
  #hasConnected = false;
  #epoch = 0;
  /** Has joined: heard everything since, and knows that the shared stores hold nothing from before that has ended. */
  #isMember = false;
  #isOver = false;
  #beatsSinceHeard = 0;
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
      onMessage: (message) => this.#hear(message),
    });
    this.#heartbeats = new Heartbeats({
      ...options,
      connection: this.#connection,
      onHeard: (sentAt) => {
        this.#beatsSinceHeard = 0;
        this.#lease.renew(sentAt);
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

  /** Whether the database was reached at all. */
  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Connects; what is committed from now on is heard.
   * @throws Error when the database is away, or what stands in between keeps notifications back
   */
  async open(): Promise<void> {
    await this.#connection.open();
    this.#hasConnected = true;
    await this.#proveHearing();
    if (this.#isOver) throw await this.lost;
    this.#heartbeats.beat();
    this.#heartbeat = setInterval(() => this.#beat(), this.#options.times.heartbeatMs);
  }

  /**
   * Becomes one of those who may answer from their caches. A shared store can hold what has ended while this process did
   * not listen: somebody who did has to vouch for it, or everything in it is ended.
   * @throws Error when the connection is lost first
   */
  async join(): Promise<void> {
    const vouched = await this.#heartbeats.findCleanKeySpaces();
    if (vouched === null) this.#learnEpoch(await this.#connection.raiseEpoch());
    if (this.#isOver) throw await this.lost;
    this.#options.onJoined(vouched);
    this.#isMember = true;
  }

  /** How it went to let all others hear what was committed before the call. */
  async pass(): Promise<BarrierOutcome> {
    return await this.#heartbeats.pass();
  }

  /** Says that nobody need wait for this process any more. */
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

  #hear(message: CoherenceMessage): void {
    if ('ended' in message) this.#options.onInvalidated(message.ended);
    else if ('everything' in message) this.#options.onInvalidated(null);
    else if ('epoch' in message) this.#learnEpoch(message.epoch);
    else if ('probe' in message) this.#onProbe?.(message.probe);
    else this.#heartbeats.hear(message);
  }

  /** What a statement read and what was heard come in no order; the epoch only ever rises. */
  #learnEpoch(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
  }

  /**
   * A pooler that shares connections between transactions delivers what a process tells itself, within the answer to its
   * own statement, and keeps back all that comes when it is silent. So somebody else has to speak while it is.
   */
  async #proveHearing(): Promise<void> {
    const { url, processId } = this.#options;
    const probe = createId();
    const heard = new Promise<true>((resolve) => {
      this.#onProbe = (text) => text === probe && resolve(true);
    });
    await notify(url, channelOf(processId), { probe });
    const waiting = new AbortController();
    const isHeard = await Promise.race([heard, delay(probeMs, false, { signal: waiting.signal })]);
    waiting.abort();
    if (!isHeard) throw new Error('The connection keeps notifications back, as a transaction pooler does.');
  }

  #beat(): void {
    this.#beatsSinceHeard += 1;
    if (this.#beatsSinceHeard > deafnessMax) this.fail(new Error('The connection has fallen silent.'));
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
  // Told by the failing query as well.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('select pg_notify($1, $2)', [channel, JSON.stringify(message)]);
  } finally {
    await client.end();
  }
}
