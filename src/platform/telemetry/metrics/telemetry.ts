import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../runtime/clock.ts';
import type { FollowStatement } from '../follow-statement.ts';
import type { Logger } from '../logger.ts';
import { RequestStatistics, type Outcome, type RequestResult, type RequestStats } from '../request-stats.ts';
import type { Tracing } from '../tracing.ts';
import { SlowQueryLog } from '../slow-query-log.ts';
import { StatementStatistics } from './statement-statistics.ts';

/** The durations in milliseconds from which something is slow; 0 disables a threshold. */
export interface SlownessThresholds {
  readonly slowQueryMs: number;
  readonly slowRequestMs: number;
  readonly verySlowRequestMs: number;
}

/** Counts the requests and statements of this process since its start, in bounded memory. */
export class Telemetry {
  /**
   * The statistics of the request that a piece of work belongs to: services and caches live as long as the
   * process and know no request.
   */
  readonly currentRequest = new AsyncLocalStorage<RequestStats>();
  readonly requests: RequestStatistics;
  readonly statements = new StatementStatistics();
  readonly slowQueries: SlowQueryLog;
  /** Statements by purpose; statements for authentication are also counted for requests. */
  readonly sent = { forRequests: 0, forAuthentication: 0, inBackground: 0 };
  /** Reads of caches that needed no statement, and reads that did. */
  readonly cacheReads = { answered: 0, loaded: 0 };
  /** Requests with an error, by the code of the first error; the codes are a closed list. */
  readonly errorsByCode = new Map<string, number>();
  /** Finished requests. */
  requestCount = 0;
  /** Finished requests with an accepted credential. */
  authenticationCount = 0;
  /** Traces the requests that begin from now on; null where there is no collector. */
  tracing: Tracing | null = null;
  readonly #thresholds: SlownessThresholds;
  readonly #logger: Logger;

  constructor(options: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly thresholds: SlownessThresholds;
  }) {
    this.#thresholds = options.thresholds;
    this.#logger = options.logger;
    this.requests = new RequestStatistics(options.clock);
    this.slowQueries = new SlowQueryLog(options);
  }

  /** Reserves names of operations, which are counted by name whichever client sends them. */
  expectOperations(names: Iterable<string>): void {
    this.requests.reserve(names);
  }

  /** Receives each statement from the database and adds it to the statement's request. */
  readonly followStatement: FollowStatement = (text) => {
    const request = this.currentRequest.getStore();
    if (request === undefined) this.sent.inBackground += 1;
    else request.statements += 1;
    return (durationMs, failed) => {
      if (request !== undefined) {
        request.statementMs += durationMs;
        request.onLateStatement?.(durationMs);
        request.trace?.statement(text, durationMs, failed);
      }
      this.statements.record(text, durationMs, failed);
      const { slowQueryMs } = this.#thresholds;
      if (slowQueryMs > 0 && durationMs >= slowQueryMs) this.slowQueries.note(text, durationMs, request);
    };
  };

  /** Receives each read from the caches and adds it to the read's request. */
  readonly noteCacheRead = (hits: number, misses: number): void => {
    if (misses === 0) this.cacheReads.answered += 1;
    else this.cacheReads.loaded += 1;
    const request = this.currentRequest.getStore();
    if (request === undefined) return;
    request.cacheHits += hits;
    request.cacheMisses += misses;
  };

  /** Counts and logs a finished request, at a higher level if the request was slow. */
  finish(stats: RequestStats, response: { readonly status: number; readonly url: string }): void {
    const { slowRequestMs, verySlowRequestMs } = this.#thresholds;
    const { errorCode, statements } = stats;
    const durationMs = (stats.streamedSince ?? performance.now()) - stats.startedAt;
    const isVerySlow = verySlowRequestMs > 0 && durationMs >= verySlowRequestMs;
    const isSlow = slowRequestMs > 0 && durationMs >= slowRequestMs;
    const slowness: RequestResult['slowness'] = isVerySlow ? 'verySlow' : isSlow ? 'slow' : null;
    const outcome = stats.outcome ?? outcomeOfStatus(response.status);
    const result: RequestResult = { outcome, durationMs, slowness };
    const name = this.requests.record(stats, result);
    stats.trace?.finish(stats, { name, status: response.status, failed: outcome === 'failed' });
    this.requestCount += 1;
    this.sent.forRequests += statements;
    if (errorCode !== null) this.errorsByCode.set(errorCode, (this.errorsByCode.get(errorCode) ?? 0) + 1);
    if (stats.isAuthenticated) {
      this.authenticationCount += 1;
      this.sent.forAuthentication += stats.authenticationStatements;
    }
    this.#log(stats, result, response);
  }

  #log(
    stats: RequestStats,
    { durationMs, outcome, slowness }: RequestResult,
    { status, url }: { readonly status: number; readonly url: string },
  ): void {
    const level = slowness === null ? 'info' : slowness === 'slow' ? 'warn' : 'error';
    if (!this.#logger.isLevelEnabled(level)) return;
    this.#logger[level](
      {
        requestId: stats.requestId,
        userId: stats.callerKey,
        operation: stats.operationName,
        kind: stats.kind,
        code: stats.errorCode,
        authenticationMs: rounded(stats.authenticationMs),
        statements: stats.statements,
        statementMs: rounded(stats.statementMs),
        cacheHits: stats.cacheHits,
        cacheMisses: stats.cacheMisses,
        durationMs: rounded(durationMs),
        outcome,
        status,
        url,
      },
      messageFor[slowness ?? 'quick'],
    );
  }
}

const messageFor = {
  quick: 'a request was answered',
  slow: 'a request was slow',
  verySlow: 'a request was very slow',
} as const;

function outcomeOfStatus(status: number): Outcome {
  if (status >= 500) return 'failed';
  return status >= 400 ? 'refused' : 'ok';
}

/** Rounds to microseconds, the precision of the clock. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
