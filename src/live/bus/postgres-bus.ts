import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { createId } from '../../platform/ids.ts';
import type { HintBus, HintListener } from './bus.ts';
import { Coalescing } from './coalescing.ts';

/** A wire format that earlier releases share during a rolling restart, as are its payloads. */
const channel = 'parley_live';
/** Topics of one notification: PostgreSQL's limit is 8,000 bytes, and a UUID has 36 characters. */
const topicsMax = 180;
const answerMs = 2000;
const retryMs = 250;

/**
 * Hints by PostgreSQL's notifications, on a connection of its own. They are sent after the commits that they
 * are about, so that no writer waits for the queue of notifications.
 */
export class PostgresBus implements HintBus {
  readonly #processId = createId();
  readonly #url: string;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #coalescing = new Coalescing((topics) => this.#send(topics));
  #client: Client | null = null;
  #running: Promise<void> | null = null;
  #hasFailed = false;

  constructor(options: { readonly url: string; readonly logger: Logger }) {
    this.#url = options.url;
    this.#logger = options.logger;
  }

  start(listener: HintListener): void {
    this.#running ??= this.#run(listener);
  }

  publish(topic: string): void {
    if (this.#running !== null) this.#coalescing.add(topic);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(listener: HintListener): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#listenUntilLost(listener);
      } catch (error) {
        if (signal.aborted) return;
        // Once per outage.
        if (!this.#hasFailed) {
          this.#logger.warn({ err: error }, 'live events are delayed: notification connection lost');
        }
        this.#hasFailed = true;
        await delay(retryMs, null, { signal }).catch(() => null);
      }
    }
  }

  async #listenUntilLost({ onGap, onHint }: HintListener): Promise<void> {
    const { signal } = this.#stopping;
    const client = new Client({
      connectionString: this.#url,
      application_name: 'parley live',
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 1000,
    });
    const lost = new Promise<Error>((resolve) => {
      client.on('error', resolve).on('end', () => resolve(new Error('The connection was closed.')));
      signal.addEventListener('abort', () => resolve(new Error('The process stops.')), { once: true });
    });
    client.on('notification', ({ payload = '' }) => {
      const [sender, ...topics] = payload.split(' ');
      if (sender !== this.#processId) for (const topic of topics) onHint(topic);
    });
    try {
      await client.connect();
      await client.query(`set synchronous_commit = off; listen "${channel}"`);
      if (this.#hasFailed) this.#logger.info('live events are on time: notification connection restored');
      this.#hasFailed = false;
      this.#client = client;
      // Hints from before this moment were not received.
      onGap();
      throw await lost;
    } finally {
      this.#client = null;
      client.end().catch(() => null);
    }
  }

  async #send(topics: readonly string[]): Promise<void> {
    const payloads: string[] = [];
    for (let start = 0; start < topics.length; start += topicsMax) {
      payloads.push([this.#processId, ...topics.slice(start, start + topicsMax)].join(' '));
    }
    try {
      await this.#client?.query('select pg_notify($1, payload) from unnest($2::text[]) as sent(payload)', [
        channel,
        payloads,
      ]);
    } catch (error) {
      // The other processes find out by their checks.
      this.#logger.debug({ err: error }, 'a hint of live events was not sent');
    }
  }
}
