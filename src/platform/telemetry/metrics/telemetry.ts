import type { Clock } from '../../runtime/clock.ts';
import type { FollowStatement } from '../follow-statement.ts';
import type { Logger } from '../logger.ts';
import { RequestProfiles, type Outcome, type RequestProfile } from '../request-stats.ts';
import type { Tracing } from '../tracing.ts';
import { SlowQueryLog } from '../slow-query-log.ts';
import { OperationNames } from './operation-names.ts';
import { RequestStatistics } from './request-statistics.ts';
import { StatementStatistics } from './statement-statistics.ts';

/** The durations in milliseconds from which something is slow; 0 disables a threshold. */
export interface SlownessThresholds {
  readonly slowQueryMs: number;
  readonly slowRequestMs: number;
  readonly verySlowRequestMs: number;
}

/** Counts the requests and statements of this process since its start, in bounded memory. */
export class Telemetry {
  readonly profiles = new RequestProfiles();
  readonly requests: RequestStatistics;
  readonly statements = new StatementStatistics();
  readonly slowQueries: SlowQueryLog;
  /** Statements by purpose; statements for authentication are also counted for requests. */
  readonly sent = { forRequests: 0, forAuthentication: 0, inBackground: 0 };
  /** Reads of caches that needed no statement, and reads that did. */
  readonly cacheReads = { answered: 0, loaded: 0 };
  readonly #errorsByCode = new Map<string, number>();
  #requestCount = 0;
  #authenticationCount = 0;
  readonly #thresholds: SlownessThresholds;
  readonly #logger: Logger;
  readonly #names = new OperationNames();
  #tracing: Tracing | null = null;

  constructor(options: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly thresholds: SlownessThresholds;
  }) {
    this.#thresholds = options.thresholds;
    this.#logger = options.logger;
    this.requests = new RequestStatistics(options.clock);
    this.slowQueries = new SlowQueryLog({ ...options, thresholdMs: options.thresholds.slowQueryMs });
  }

  /** Requests with an error, by the code of the first error; the codes are a closed list. */
  get errorsByCode(): ReadonlyMap<string, number> {
    return this.#errorsByCode;
  }

  /** Finished requests. */
  get requestCount(): number {
    return this.#requestCount;
  }

  /** Finished requests with an accepted credential. */
  get authenticationCount(): number {
    return this.#authenticationCount;
  }

  /** Reserves names of operations, which are counted by name whichever client sends them. */
  expectOperations(names: Iterable<string>): void {
    this.#names.reserve(names);
  }

  /** Traces the requests that begin from now on. */
  traceWith(tracing: Tracing): void {
    this.#tracing = tracing;
  }

  /** Begins the trace of a request that has just arrived, with the header of W3C Trace Context. */
  begin(profile: RequestProfile, traceparent: string | undefined): void {
    if (this.#tracing !== null) profile.trace = this.#tracing.begin(traceparent);
  }

  /** Receives each statement from the database and adds it to the statement's request. */
  readonly followStatement: FollowStatement = (text) => {
    const profile = this.profiles.current;
    if (profile === null) this.sent.inBackground += 1;
    else profile.statements += 1;
    return (durationMs, failed) => {
      if (profile !== null) {
        profile.statementMs += durationMs;
        profile.trace?.statement(text, durationMs, failed);
      }
      this.statements.record(text, durationMs, failed);
      this.slowQueries.note(text, durationMs, profile);
    };
  };

  /** Receives each read from the caches and adds it to the read's request. */
  readonly noteCacheRead = (hits: number, misses: number): void => {
    if (misses === 0) this.cacheReads.answered += 1;
    else this.cacheReads.loaded += 1;
    const profile = this.profiles.current;
    if (profile === null) return;
    profile.cacheHits += hits;
    profile.cacheMisses += misses;
  };

  /** Counts and logs a finished request, at a higher level if it was slow. */
  finish(profile: RequestProfile, { status, url }: { readonly status: number; readonly url: string }): void {
    const durationMs = profile.elapsedMs;
    const slowness = this.#slownessOf(durationMs);
    const outcome = profile.outcome ?? outcomeOfStatus(status);
    const name = this.#names.nameOf(profile, outcome);
    profile.trace?.finish(profile, { name, status, failed: outcome === 'failed' });
    this.requests.record({
      name,
      outcome,
      durationMs,
      statements: profile.statements,
      slowness,
    });
    this.#requestCount += 1;
    this.sent.forRequests += profile.statements;
    if (profile.errorCode !== null) {
      this.#errorsByCode.set(profile.errorCode, (this.#errorsByCode.get(profile.errorCode) ?? 0) + 1);
    }
    if (profile.isAuthenticated) {
      this.#authenticationCount += 1;
      this.sent.forAuthentication += profile.authenticationStatements;
    }
    const level = slowness === null ? 'info' : slowness === 'slow' ? 'warn' : 'error';
    if (!this.#logger.isLevelEnabled(level)) return;
    const fields = describe(profile, { durationMs, outcome, status, url });
    this.#logger[level](fields, messageFor[slowness ?? 'quick']);
  }

  #slownessOf(durationMs: number): 'slow' | 'verySlow' | null {
    const { slowRequestMs, verySlowRequestMs } = this.#thresholds;
    if (verySlowRequestMs > 0 && durationMs >= verySlowRequestMs) return 'verySlow';
    return slowRequestMs > 0 && durationMs >= slowRequestMs ? 'slow' : null;
  }
}

/** The result of a request. */
interface Ending {
  readonly durationMs: number;
  readonly outcome: Outcome;
  readonly status: number;
  readonly url: string;
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

/** Returns the log fields of a request, as one literal because this runs for every request. */
function describe(profile: RequestProfile, { durationMs, outcome, status, url }: Ending) {
  return {
    requestId: profile.requestId,
    userId: profile.callerKey,
    operation: profile.operationName,
    kind: profile.kind,
    code: profile.errorCode,
    authenticationMs: rounded(profile.authenticationMs),
    statements: profile.statements,
    statementMs: rounded(profile.statementMs),
    cacheHits: profile.cacheHits,
    cacheMisses: profile.cacheMisses,
    durationMs: rounded(durationMs),
    outcome,
    status,
    url,
  };
}

/** Rounds to microseconds, the precision of the clock. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
