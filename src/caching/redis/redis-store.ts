import { setTimeout as delay } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { KeyValueStore } from '../key-value-store.ts';
import { createRedisClient, type RedisClient } from './redis-client.ts';
import { RedisSession, withinTime } from './redis-session.ts';

interface RedisStoreOptions {
  /** One address of a server, or several of a cluster. */
  readonly urls: readonly string[];
  readonly logger: Logger;
  /** How long a command may take. */
  readonly timeoutMs?: number;
}

const failuresMax = 3;
const probePauseMs = 100;
const probePauseMaxMs = 500;
/** Probes that fail on a connection that seems to be there, before it is made anew. */
const probesMax = 6;
const clusterCheckMs = 1000;

/**
 * Redis, which may come and go as it likes. It is used only after it has answered in time and told which server it is;
 * after a few failures in a row nobody waits for it any more until it has done so again, which is tried in the
 * background.
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
  /** Ends the pause of the loop that looks for Redis. */
  #wake: () => void = () => {};

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 50;
    this.#client = createRedisClient(options.urls, {
      onLost: (error) => this.#lose(error),
      onReady: () => this.#wake(),
    });
    // Without a namespace of its own, because entries of several caches share the generations that end them. Its `clear`,
    // which would then reach too far, is never called: caches end their entries by generations.
    this.#adapter = new KeyvRedis<string>(this.#client.commands, { throwOnErrors: true });
    // The same errors reject the call that met them.
    this.#adapter.on('error', () => {});
  }

  get session(): RedisSession | null {
    return this.#session;
  }

  /** Begins to connect; nothing waits for it. */
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
      // It keeps trying by itself, and tells of every failure through `onLost`.
      if (!this.#client.isOpen) void this.#client.connect().catch(() => {});
      const isFound = await this.#probe();
      failed = isFound ? 0 : failed + 1;
      // A connection over which nothing comes back may be a dead one that nobody has told about.
      if (failed % probesMax === probesMax - 1 && this.#client.isReady) this.#client.destroy();
      await this.#pause(Math.min(probePauseMs * 2 ** failed, probePauseMaxMs));
    }
  }

  /** Until something happens that is worth a look. */
  async #pause(pauseMs: number): Promise<void> {
    const isUsed = this.#session !== null;
    const waking = new AbortController();
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const pause = delay(isUsed ? clusterCheckMs : pauseMs, null, {
      signal: waking.signal,
      ref: false,
    }).catch(() => null);
    // A server in whose place another one comes breaks its connections; a cluster changes without a word.
    await Promise.race(isUsed && !this.#client.isCluster ? [woken] : [woken, pause]);
    waking.abort();
  }

  /** Finds out who answers; false when nobody does in time. */
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
    if (this.#isReported) this.#options.logger.info('Redis is used again');
    this.#isReported = false;
  }

  #lose(error: unknown): void {
    const wasUsed = this.#session !== null;
    this.#session = null;
    if (this.#stopping.signal.aborted) return;
    // Once for each outage, not for each attempt.
    if (!this.#isReported) {
      this.#options.logger.warn({ err: error }, 'Redis is not used: it failed, or took too long');
    }
    this.#isReported = true;
    if (wasUsed) this.#wake();
  }
}
