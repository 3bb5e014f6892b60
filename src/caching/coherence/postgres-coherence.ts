import { setTimeout as delay } from 'node:timers/promises';
import { createId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { Membership } from './membership.ts';
import { elapsedMs, presentMoment, type LeaseTimes, type Moment } from './lease.ts';
import { parseInvalidation } from './coherence-message.ts';
import type { Coherence, InvalidationListener, SharedStore } from './coherence.ts';

/** Options of the coherence. */
export interface PostgresCoherenceOptions {
  readonly url: string;
  readonly logger: Logger;
  readonly times?: Partial<LeaseTimes>;
}

const defaultTimes: LeaseTimes = { heartbeatMs: 500, leaseMs: 1500, marginMs: 250 };
const backoffMs = 25;
const backoffMaxMs = 250;

/**
 * Coherence by PostgreSQL's notifications, which every listener receives in the order of the commits.
 * A process that receives its own heartbeat has received everything committed before, and may answer from
 * its caches for the time of a lease; a write is acknowledged once every process has received it or its lease
 * has expired.
 */
export class PostgresCoherence implements Coherence {
  readonly processId = createId();
  /** Counts since the start. */
  readonly counts = { joined: 0, settled: 0, unconfirmed: 0 };
  readonly #options: PostgresCoherenceOptions;
  readonly #times: LeaseTimes;
  readonly #listeners = new Set<InvalidationListener>();
  readonly #stores = new Set<SharedStore>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #membership: Membership | null = null;
  /** Resolvers of callers that wait for the next membership. */
  #waiting: (() => void)[] = [];
  #number = 0;
  #wasConfirmed = true;
  #failures = 0;
  #isCutOff = false;
  #completeUntil: Moment | null = null;
  #databaseName: string | null = null;

  constructor(options: PostgresCoherenceOptions) {
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
  }

  get isTrusted(): boolean {
    return this.#membership?.isTrusted ?? false;
  }

  get isCutOff(): boolean {
    return this.#membership === null && this.#isCutOff;
  }

  get silentMs(): number {
    const moment = this.#membership?.completeUntil ?? this.#completeUntil;
    return moment === null ? Infinity : Math.max(0, elapsedMs(moment, presentMoment()));
  }

  get epoch(): string | null {
    return this.#membership?.epoch ?? null;
  }

  get databaseName(): string | null {
    return this.#databaseName;
  }

  /** Listens until `stop`, in the background; until that succeeds nothing is trusted. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Leaves, so that no process waits for this one. Never rejects; safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const membership = this.#membership;
    await membership?.leave().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'could not inform the other processes of the stop');
    });
    membership?.fail(new Error('The process stops.'));
    await this.#running;
  }

  subscribe(listener: InvalidationListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  share(store: SharedStore): () => void {
    this.#stores.add(store);
    return () => this.#stores.delete(store);
  }

  /** Returns immediately if never started: this process then does not read from caches. */
  async waitForInvalidation(): Promise<boolean> {
    if (this.#running === null || this.#stopping.signal.aborted) return false;
    const isOver = new AbortController();
    const limitMs = this.#times.leaseMs + this.#times.marginMs;
    const isConfirmed = await Promise.race([
      this.#passBarrier(isOver.signal),
      // By then every lease from before the call has expired, the own one too, and every process with a newer
      // lease has received everything committed before the call.
      delay(limitMs, false, { signal: isOver.signal }),
    ]);
    isOver.abort();
    this.#count(isConfirmed);
    return isConfirmed;
  }

  #count(isConfirmed: boolean): void {
    this.counts.settled += 1;
    // Once per series.
    if (!isConfirmed && this.#wasConfirmed) {
      this.#options.logger.warn('write acknowledged after lease timeout: a process did not confirm');
    }
    if (!isConfirmed) this.counts.unconfirmed += 1;
    this.#wasConfirmed = isConfirmed;
  }

  /** Repeats the barrier on the next connection if one is lost before the result is known. */
  async #passBarrier(isOver: AbortSignal): Promise<boolean> {
    let membership = this.#membership;
    while (!isOver.aborted && !this.#stopping.signal.aborted) {
      const outcome = (await membership?.passBarrier()) ?? 'lost';
      if (outcome !== 'lost') return outcome === 'confirmed';
      membership = this.#membership === membership ? await this.#nextMembership() : this.#membership;
    }
    return false;
  }

  /** Null if the process stops first. */
  async #nextMembership(): Promise<Membership | null> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#membership;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const reason = await this.#joinUntilLost();
      if (signal.aborted) break;
      // Once per outage, not per attempt.
      if (this.#failures === 0) {
        this.#options.logger.warn({ err: reason }, 'caches disabled: notification connection lost');
      }
      this.#failures += 1;
      const pauseMs = Math.min(backoffMaxMs, backoffMs * this.#failures);
      await delay(pauseMs, null, { signal }).catch(() => null);
    }
    this.#wakeWaiting();
  }

  /** Is a member on one connection until it is lost; returns the reason. */
  async #joinUntilLost(): Promise<Error> {
    const membership = new Membership({
      url: this.#options.url,
      processId: this.processId,
      times: this.#times,
      nextNumber: () => (this.#number += 1),
      onInvalidated: (names) => this.#notifyInvalidated(names),
      onJoined: (vouched) => this.#notifyGap(vouched),
      confirmStoresClean: () => this.#confirmStoresClean(),
    });
    try {
      await membership.open();
      if (this.#stopping.signal.aborted) return new Error('The process stops.');
      this.#membership = membership;
      this.#databaseName = membership.database;
      this.#wakeWaiting();
      await membership.join();
      this.#hasJoined();
      return await membership.lost;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      // The loss of one connection is no proof: only that one may be lost, or this process was paused.
      this.#isCutOff = !membership.hasConnected;
      this.#completeUntil = membership.completeUntil ?? this.#completeUntil;
      this.#membership = null;
      membership.fail(new Error('The connection was closed.'));
    }
  }

  #hasJoined(): void {
    this.counts.joined += 1;
    if (this.#failures > 0) this.#options.logger.info('caches enabled: notification connection restored');
    this.#failures = 0;
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Parses the names; an unknown name invalidates everything, because any invalidation is possible. */
  #notifyInvalidated(names: readonly string[] | null): void {
    const parsed = names?.map(parseInvalidation) ?? [null];
    const invalidations = parsed.map((invalidation) => invalidation ?? { everything: true as const });
    for (const listener of this.#listeners) listener.invalidated(invalidations);
  }

  #notifyGap(vouched: readonly string[] | null): void {
    if (vouched !== null) for (const store of this.#stores) store.confirmedClean(vouched);
    for (const listener of this.#listeners) listener.onGap();
  }

  async #confirmStoresClean(): Promise<readonly string[] | null> {
    const keySpaces = await Promise.all([...this.#stores].map((store) => store.confirmClean()));
    const known = keySpaces.filter((keySpace) => keySpace !== null);
    return known.length === keySpaces.length ? known : null;
  }
}
