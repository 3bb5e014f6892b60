import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { oneLine } from './one-line.ts';
import type { RequestStats } from './request-stats.ts';

/** The part of a request's trace that executors write to. */
export interface RequestTrace {
  /** Runs the work of a batch and records its duration. */
  batch<Result>(name: string, parents: number, work: () => Result): Result;
}

/** Starts traces with one span for each request, batch and statement, and none for a field. */
export class Tracing {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** Returns null for a request that is not sampled. `traceparent` is the header of W3C Trace Context. */
  begin(traceparent: string | undefined): OpenTrace | null {
    const options = { kind: SpanKind.SERVER, startTime: now() };
    const span = this.#tracer.startSpan('request', options, remoteParentOf(traceparent));
    return span.isRecording() ? new OpenTrace(this.#tracer, span) : null;
  }
}

/** The trace of an active request. */
export class OpenTrace implements RequestTrace {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;

  constructor(tracer: Tracer, span: Span) {
    this.#tracer = tracer;
    this.#span = span;
    this.#context = trace.setSpan(ROOT_CONTEXT, span);
  }

  batch<Result>(name: string, parents: number, work: () => Result): Result {
    const attributes = { 'parley.parents': parents };
    const span = this.#startChild(name, { kind: SpanKind.INTERNAL, startTime: now(), attributes });
    try {
      const result = work();
      if (result instanceof Promise)
        result.then(
          () => end(span, false),
          () => end(span, true),
        );
      else end(span, false);
      return result;
    } catch (error) {
      end(span, true);
      throw error;
    }
  }

  /** Records a statement that has just settled, without its values, which are personal data. */
  statement(text: string, durationMs: number, failed: boolean): void {
    const statement = oneLine(text);
    const [verb = 'statement'] = statement.split(' ', 1);
    const attributes = { 'db.system.name': 'postgresql', 'db.query.text': statement };
    const options = { kind: SpanKind.CLIENT, startTime: now() - durationMs, attributes };
    end(this.#startChild(verb.toLowerCase(), options), failed);
  }

  finish(
    stats: RequestStats,
    { name, status, failed }: { name: string; status: number; failed: boolean },
  ): void {
    this.#span.updateName(stats.kind === null ? name : `${stats.kind} ${name}`);
    this.#span.setAttributes({
      'http.response.status_code': status,
      'parley.request_id': stats.requestId,
      'parley.statements': stats.statements,
      'parley.cache_hits': stats.cacheHits,
      ...(stats.errorCode !== null && { 'error.type': stats.errorCode }),
    });
    end(this.#span, failed);
  }

  #startChild(name: string, options: { kind: SpanKind; startTime: number; attributes: Attributes }): Span {
    return this.#tracer.startSpan(name, options, this.#context);
  }
}

function remoteParentOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags = '00'] =
    /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function end(span: Span, failed: boolean): void {
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(now());
}

/**
 * Fractional milliseconds since the epoch by the monotonic clock; the SDK's own default ends spans by
 * `Date.now()`.
 */
function now(): number {
  return performance.timeOrigin + performance.now();
}
