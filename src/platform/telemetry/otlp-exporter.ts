import type { Logger } from './logger.ts';

/** Something that took a while, as OpenTelemetry's protocol has it: ids in hex, times in milliseconds since the epoch. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent for the first of a trace. */
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly startedAt: number;
  readonly endedAt: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Where spans go. */
export interface ExporterOptions {
  /** Of a collector's OTLP over HTTP, without the path. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

const flushEveryMs = 2000;
const batchSize = 512;
/** While a collector is away, newer spans are lost rather than memory. */
const waitingMax = 4096;
const timeoutMs = 5000;

const kinds = { internal: 1, server: 2, client: 3 } as const;

/**
 * Sends spans to a collector: OTLP/HTTP with JSON, after the OpenTelemetry Protocol's specification, section "OTLP/HTTP".
 * Losing them is allowed; holding anything up for them is not.
 */
export class OtlpExporter {
  readonly #options: ExporterOptions;
  #waiting: Span[] = [];
  #sending: Promise<void> = Promise.resolve();
  #isFailing = false;
  #timer: NodeJS.Timeout | undefined;
  readonly counts = { sent: 0, lost: 0 };

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), flushEveryMs).unref();
  }

  /** Sends what is left. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  add(span: Span): void {
    if (this.#waiting.length >= waitingMax) {
      this.counts.lost += 1;
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length === batchSize) void this.flush();
  }

  /** Never rejects. */
  flush(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendAll());
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.slice(0, batchSize);
      this.#waiting = this.#waiting.slice(batchSize);
      try {
        await this.#send(spans);
        this.counts.sent += spans.length;
        this.#isFailing = false;
      } catch (error) {
        this.counts.lost += spans.length;
        // Once for each outage.
        if (!this.#isFailing) this.#options.logger.warn({ err: error }, 'spans could not be sent');
        this.#isFailing = true;
        return;
      }
    }
  }

  async #send(spans: readonly Span[]): Promise<void> {
    const { endpoint, headers, resource } = this.#options;
    const scopeSpans = [{ scope: { name: 'parley' }, spans: spans.map(encoded) }];
    const response = await fetch(`${endpoint.replace(/\/$/, '')}/v1/traces`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({
        resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans }],
      }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The collector answered ${response.status}.`);
  }
}

function encoded({ kind, startedAt, endedAt, failed, attributes, ...span }: Span) {
  return {
    ...span,
    kind: kinds[kind],
    startTimeUnixNano: nanosecondsOf(startedAt),
    endTimeUnixNano: nanosecondsOf(endedAt),
    attributes: attributesOf(attributes),
    status: failed ? { code: 2 } : {},
  };
}

/** As text, because a number can't hold them. */
function nanosecondsOf(milliseconds: number): string {
  return String(BigInt(Math.round(milliseconds * 1000)) * 1000n);
}

function attributesOf(attributes: Readonly<Record<string, string | number>>) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : Number.isInteger(value)
          ? { intValue: String(value) }
          : { doubleValue: value },
  }));
}
