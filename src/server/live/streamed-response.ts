import type { ServerResponse } from 'node:http';
import type { FormattedExecutionResult } from 'graphql';
import type { LiveConnection } from './live-connections.ts';
import type { StreamFormat } from './stream-formats.ts';
import type { Subscription } from './subscription.ts';

/** The time after which a client that does not read is disconnected, in milliseconds. */
export const stuckMs = 30_000;
/** The interval of heartbeats: proxies close a connection on which nothing moves for 60 s. */
const heartbeatMs = 12_000;

/** A response that is written event by event. */
export class StreamedResponse implements LiveConnection {
  readonly #raw: ServerResponse;
  readonly #format: StreamFormat;
  #isStarted = false;
  /** By `performance.now()`; null while nothing waits to be read. */
  #stuckSince: number | null = null;
  #writtenAt = performance.now();

  constructor(raw: ServerResponse, format: StreamFormat) {
    this.#raw = raw;
    this.#format = format;
  }

  get isClosed(): boolean {
    return this.#raw.destroyed || this.#raw.writableEnded;
  }

  start(headers: Readonly<Record<string, string>>): void {
    this.#isStarted = true;
    this.#raw.writeHead(200, {
      ...headers,
      'content-type': this.#format.contentType,
      'cache-control': 'no-store',
      // nginx would collect the events.
      'x-accel-buffering': 'no',
    });
    this.#raw.flushHeaders();
    this.#raw.write(this.#format.opening);
  }

  /** Sends the results of a subscription until its end; the next ones are read when the last are sent. */
  async send(
    subscription: Subscription,
    format: (error: unknown) => { readonly message: string },
  ): Promise<void> {
    try {
      for (;;) {
        const results = await subscription.next();
        if (results === null || this.isClosed) break;
        for (const result of results) await this.write(result);
      }
    } catch (error) {
      await this.write({ errors: [format(error)] });
    } finally {
      subscription.close();
    }
    this.end(true);
  }

  /** Resolves when the client's connection can take more. */
  async write(result: FormattedExecutionResult): Promise<void> {
    await this.#write(this.#format.event(JSON.stringify(result)));
  }

  /** Ends the response; without the mark of completion, the client is expected to subscribe again. */
  end(isComplete: boolean): void {
    if (this.isClosed || !this.#isStarted) return;
    this.#raw.end(isComplete ? this.#format.completion : '');
  }

  closeForRestart(): void {
    this.end(false);
  }

  tick(now: number): void {
    if (!this.#isStarted || this.isClosed) return;
    if (this.#stuckSince !== null && now - this.#stuckSince > stuckMs) this.#raw.destroy();
    else if (this.#stuckSince === null && now - this.#writtenAt > heartbeatMs)
      void this.#write(this.#format.heartbeat);
  }

  async #write(text: string): Promise<void> {
    if (this.isClosed) return;
    this.#writtenAt = performance.now();
    if (this.#raw.write(text)) return;
    this.#stuckSince ??= performance.now();
    await new Promise<void>((resolve) => {
      this.#raw.once('drain', resolve).once('close', resolve);
    });
    this.#stuckSince = null;
  }
}
