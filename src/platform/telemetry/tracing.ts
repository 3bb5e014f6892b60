import { randomBytes } from 'node:crypto';
import { previewOf } from './one-line.ts';
import type { Span } from './otlp-exporter.ts';
import type { RequestProfile } from './request-stats.ts';

/** What a trace of one request is written to while it is under way. */
export interface RequestTrace {
  /** Does a batch's work, and keeps how long it took. */
  batch<Result>(name: string, parents: number, work: () => Result): Result;
}

/** How many of the requests that begin a trace are traced, from 0 to 1; who comes with a trace has decided already. */
interface TracingOptions {
  readonly share: number;
  readonly add: (span: Span) => void;
}

/** One span for each request, batch and statement; none for a field. */
export class Tracing {
  readonly #options: TracingOptions;

  constructor(options: TracingOptions) {
    this.#options = options;
  }

  /** Null where the request is not traced. `traceparent` is the header of W3C Trace Context. */
  begin(traceparent: string | undefined): OpenTrace | null {
    const [, traceId, parentSpanId, flags = '00'] =
      /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(traceparent ?? '') ?? [];
    if (traceId === undefined || parentSpanId === undefined) {
      return Math.random() < this.#options.share ? new OpenTrace(this.#options.add, newId(16), null) : null;
    }
    const isSampled = (Number.parseInt(flags, 16) & 1) === 1;
    return isSampled ? new OpenTrace(this.#options.add, traceId, parentSpanId) : null;
  }
}

/** A trace whose request is under way. */
export class OpenTrace implements RequestTrace {
  readonly #add: (span: Span) => void;
  readonly #traceId: string;
  readonly #parentSpanId: string | null;
  readonly #spanId = newId(8);
  readonly #startedAt = now();

  constructor(add: (span: Span) => void, traceId: string, parentSpanId: string | null) {
    this.#add = add;
    this.#traceId = traceId;
    this.#parentSpanId = parentSpanId;
  }

  batch<Result>(name: string, parents: number, work: () => Result): Result {
    const startedAt = now();
    const end = (failed: boolean) =>
      this.#inner(name, 'internal', startedAt, failed, { 'parley.parents': parents });
    try {
      const result = work();
      if (result instanceof Promise)
        result.then(
          () => end(false),
          () => end(true),
        );
      else end(false);
      return result;
    } catch (error) {
      end(true);
      throw error;
    }
  }

  /** A statement that was sent so long ago. Its values are nobody's business. */
  statement(text: string, durationMs: number, failed: boolean): void {
    const statement = previewOf(text);
    const [verb = 'statement'] = statement.split(' ', 1);
    this.#inner(verb.toLowerCase(), 'client', now() - durationMs, failed, {
      'db.system.name': 'postgresql',
      'db.query.text': statement,
    });
  }

  finish(
    profile: RequestProfile,
    { name, status, failed }: { name: string; status: number; failed: boolean },
  ): void {
    this.#add({
      traceId: this.#traceId,
      spanId: this.#spanId,
      ...(this.#parentSpanId !== null && { parentSpanId: this.#parentSpanId }),
      name: profile.kind === null ? name : `${profile.kind} ${name}`,
      kind: 'server',
      startedAt: this.#startedAt,
      endedAt: now(),
      failed,
      attributes: {
        'http.response.status_code': status,
        'parley.request_id': profile.requestId,
        'parley.statements': profile.statements,
        'parley.cache_hits': profile.cacheHits,
        ...(profile.errorCode !== null && { 'error.type': profile.errorCode }),
      },
    });
  }

  #inner(
    name: string,
    kind: 'internal' | 'client',
    startedAt: number,
    failed: boolean,
    attributes: Span['attributes'],
  ): void {
    this.#add({
      traceId: this.#traceId,
      spanId: newId(8),
      parentSpanId: this.#spanId,
      name,
      kind,
      startedAt,
      endedAt: now(),
      failed,
      attributes,
    });
  }
}

function newId(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** Milliseconds since the epoch, and parts of them, by the clock that does not jump. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
