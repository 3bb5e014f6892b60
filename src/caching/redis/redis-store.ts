import { setTimeout as delay } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { KeyValueStore } from '../key-value-store.ts';
import { createRedisClient, type RedisClient } from './redis-client.ts';
import { RedisSession, withinTime } from './redis-session.ts';

interface RedisStoreOptions {
  /** The address of a server, or several addresses of a cluster. */
  readonly urls: readonly string[];
  readonly logger: Logger;
  /** Time limit of a command. */
  readonly timeoutMs?: number;
}

const failuresMax = 3;
const probePauseMs = 100;
const probePauseMaxMs = 500;
/** Failed probes of an apparently open connection, after which it is replaced. */
const probesMax = 6;
const clusterCheckMs = 1000;

/**
 * Redis as an optional store. It is used only after it responded in time and identified itself; after a few
 * consecutive failures it is not used until a probe in the background succeeds.
 */
export class RedisStore implements KeyValueStore {
  readonly name = 'redis';
  readonly #options: RedisStoreOptions;
  readonly #timeoutMs: number;
  readonly #client: RedisClient;
  readonly #adapter: KeyvRedis<string>;
  readonly #stopping = new AbortController();
  #session: RedisSession | null = null;
  #running: Promise<void> | null = null;
  #isReported = false;
  /** Ends the pause between probes. */
  #wake: () => void = () => {};

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 50;
    this.#client = createRedisClient(options.urls, {
      onLost: (error) => this.#lose(error),
      onReady: () => this.#wake(),
    });
    // The Keyv adapter alone, without a Keyv: entries and the generations of their tags are read in one
    // command. Its `clear`, which would empty all caches, is never called.
    this.#adapter = new KeyvRedis<string>(this.#client.commands, { throwOnErrors: true });
    // The same errors reject the failing call.
    this.#adapter.on('error', () => {});
  }

  get session(): RedisSession | null {
    return this.#session;
  }

  /** Connects in the background. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#session = null;
    this.#wake();
    if (this.#client.isOpen) this.#client.destroy();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failed = 0;
    while (!this.#stopping.signal.aborted) {
      // It retries by itself and reports every failure through `onLost`.
      if (!this.#client.isOpen) void this.#client.connect().catch(() => {});
      const isFound = await this.#probe();
      failed = isFound ? 0 : failed + 1;
      // A connection without responses may be dead without having been closed.
      if (failed % probesMax === probesMax - 1 && this.#client.isReady) this.#client.destroy();
      await this.#pause(Math.min(probePauseMs * 2 ** failed, probePauseMaxMs));
    }
  }

  /** Waits until a connection changes or the next probe is due. */
  async #pause(pauseMs: number): Promise<void> {
    const isUsed = this.#session !== null;
    const waking = new AbortController();
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const pause = delay(isUsed ? clusterCheckMs : pauseMs, null, {
      signal: waking.signal,
      ref: false,
    }).catch(() => null);
    // The replacement of a server breaks its connections; a cluster changes without a sign.
    await Promise.race(isUsed && !this.#client.isCluster ? [woken] : [woken, pause]);
    waking.abort();
  }

  /** Identifies the server; false if it does not respond in time. */
  async #probe(): Promise<boolean> {
    if (!this.#client.isReady) return false;
    try {
      const incarnation = await withinTime(this.#timeoutMs, () => this.#client.readIncarnation());
      if (this.#stopping.signal.aborted) return false;
      if (this.#session?.incarnation !== incarnation) this.#begin(incarnation);
      return true;
    } catch (error) {
      this.#lose(error);
      return false;
    }
  }

  #begin(incarnation: string): void {
    let failures = 0;
    const session: RedisSession = new RedisSession({
      incarnation,
      name: this.name,
      adapter: this.#adapter,
      client: this.#client,
      timeoutMs: this.#timeoutMs,
      isCurrent: () => this.#session === session,
      onOutcome: (error) => {
        failures = error === null ? 0 : failures + 1;
        if (failures >= failuresMax && this.#session === session) this.#lose(error);
      },
    });
    this.#session = session;
    if (this.#isReported) this.#options.logger.info('Redis is available again');
    this.#isReported = false;
  }

  #lose(error: unknown): void {
    const wasUsed = this.#session !== null;
    this.#session = null;
    if (this.#stopping.signal.aborted) return;
    // Once per outage, not per attempt.
    if (!this.#isReported) {
      this.#options.logger.warn({ err: error }, 'Redis unavailable: caches use memory only');
    }
    this.#isReported = true;
    if (wasUsed) this.#wake();
  }
}
