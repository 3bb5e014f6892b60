import { setTimeout as delay } from 'node:timers/promises';
import { createId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { Membership } from './membership.ts';
import type { LeaseTimes } from './lease.ts';
import { parseInvalidation } from './coherence-message.ts';
import type { Coherence, InvalidationListener, SharedStore } from './coherence.ts';

/** What a process needs to keep its caches true. */
export interface PostgresCoherenceOptions {
  readonly url: string;
  readonly logger: Logger;
  readonly times?: Partial<LeaseTimes>;
}

const defaultTimes: LeaseTimes = { heartbeatMs: 500, leaseMs: 1500, marginMs: 250 };
const backoffMs = 25;
const backoffMaxMs = 250;

/**
 * Coherence by PostgreSQL's notifications, which come to every listener in the order of the commits. Triggers announce
 * what ended. A process that hears its own heartbeat has heard all that was committed before, and may answer from its
 * caches for the time of a lease; a write is acknowledged once every process has heard it or its lease has run out.
 */
export class PostgresCoherence implements Coherence {
  readonly processId = createId();
  /** What it did since it was made. */
  readonly counts = { joined: 0, settled: 0, unconfirmed: 0 };
  readonly #options: PostgresCoherenceOptions;
  readonly #times: LeaseTimes;
  readonly #listeners = new Set<InvalidationListener>();
  readonly #stores = new Set<SharedStore>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #membership: Membership | null = null;
  /** Those who wait for the next membership. */
  #waiting: (() => void)[] = [];
  #number = 0;
  #wasConfirmed = true;
  #failures = 0;
  #isCutOff = false;

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

  get epoch(): number {
    return this.#membership?.epoch ?? 0;
  }

  /** Begins to listen, and keeps at it until `stop`. Nothing waits for it: until it succeeds nothing is trusted. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Nobody waits for this process afterwards. Never rejects; safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const membership = this.#membership;
    await membership?.leave().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'the other processes were not told that this one stops');
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

  /** Where it was never started nobody reads from caches: what was written is announced, and waited for by nobody. */
  async settle(): Promise<boolean> {
    if (this.#running === null || this.#stopping.signal.aborted) return false;
    const isOver = new AbortController();
    const limitMs = this.#times.leaseMs + this.#times.marginMs;
    const isConfirmed = await Promise.race([
      this.#passBarrier(isOver.signal),
      // By then every lease from before the call has run out, this process's own too, and whoever has renewed theirs
      // since has heard what was committed before the call.
      delay(limitMs, false, { signal: isOver.signal }),
    ]);
    isOver.abort();
    this.#count(isConfirmed);
    return isConfirmed;
  }

  #count(isConfirmed: boolean): void {
    this.counts.settled += 1;
    // Once for each row of them, not for each.
    if (!isConfirmed && this.#wasConfirmed) {
      this.#options.logger.warn(
        'a write waited until those who did not answer could no longer use their caches',
      );
    }
    if (!isConfirmed) this.counts.unconfirmed += 1;
    this.#wasConfirmed = isConfirmed;
  }

  /** On the next connection where one is lost before it is known how it went. */
  async #passBarrier(isOver: AbortSignal): Promise<boolean> {
    let membership = this.#membership;
    while (!isOver.aborted && !this.#stopping.signal.aborted) {
      const outcome = (await membership?.pass()) ?? 'lost';
      if (outcome !== 'lost') return outcome === 'confirmed';
      membership = this.#membership === membership ? await this.#nextMembership() : this.#membership;
    }
    return false;
  }

  /** Null when the process stops before there is one. */
  async #nextMembership(): Promise<Membership | null> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#membership;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const reason = await this.#joinUntilLost();
      if (signal.aborted) break;
      // Once for each outage, not for each attempt.
      if (this.#failures === 0) {
        this.#options.logger.warn(
          { err: reason },
          'nothing is answered from caches: PostgreSQL is not heard',
        );
      }
      this.#failures += 1;
      const pauseMs = Math.min(backoffMaxMs, backoffMs * this.#failures);
      await delay(pauseMs, null, { signal }).catch(() => null);
    }
    this.#wakeWaiting();
  }

  /** Listens on one connection until it is lost, and answers why it was. */
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
      this.#wakeWaiting();
      await membership.join();
      this.#hasJoined();
      return await membership.lost;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      // The loss of a connection is not enough: it may be that one only, or this process that stood still.
      this.#isCutOff = !membership.hasConnected;
      this.#membership = null;
      membership.fail(new Error('The connection is given up.'));
    }
  }

  #hasJoined(): void {
    this.counts.joined += 1;
    if (this.#failures > 0) this.#options.logger.info('PostgreSQL is heard again, and caches answer');
    this.#failures = 0;
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** A name that this version does not know may stand for anything. */
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
