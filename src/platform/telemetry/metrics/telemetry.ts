import type { Clock } from '../../runtime/clock.ts';
import type { FollowStatement } from '../follow-statement.ts';
import type { Logger } from '../logger.ts';
import { logPlainly } from '../plain-line.ts';
import { RequestProfiles, type Outcome, type RequestProfile } from '../request-stats.ts';
import type { Tracing } from '../tracing.ts';
import { SlowQueryLog } from '../slow-query-log.ts';
import { OperationNames } from './operation-names.ts';
import { RequestStatistics } from './request-statistics.ts';
import { StatementStatistics } from './statement-statistics.ts';

/** From so many milliseconds on something is slow; 0: nothing ever is. */
export interface SlownessThresholds {
  readonly slowQueryMs: number;
  readonly slowRequestMs: number;
  readonly verySlowRequestMs: number;
}

/** What this process has done since it started, in memory that does not grow with it. One for the process. */
export class Telemetry {
  readonly profiles = new RequestProfiles();
  readonly requests: RequestStatistics;
  readonly statements = new StatementStatistics();
  readonly slowQueries: SlowQueryLog;
  /** Statements by what they were sent for; those for finding out who asks are among those of requests. */
  readonly sent = { forRequests: 0, forAuthentication: 0, forNobody: 0 };
  /** Reads of caches that needed no statement, and those that did. */
  readonly cacheReads = { answered: 0, loaded: 0 };
  readonly #errorsByCode = new Map<string, number>();
  #requestCount = 0;
  #authenticationCount = 0;
  readonly #thresholds: SlownessThresholds;
  readonly #logger: Logger;
  readonly #names = new OperationNames();
  readonly #tracing: Tracing | null;

  constructor(options: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly thresholds: SlownessThresholds;
    /** Null: nothing is traced. */
    readonly tracing?: Tracing | null;
  }) {
    this.#thresholds = options.thresholds;
    this.#logger = options.logger;
    this.#tracing = options.tracing ?? null;
    this.requests = new RequestStatistics(options.clock);
    this.slowQueries = new SlowQueryLog({ ...options, thresholdMs: options.thresholds.slowQueryMs });
  }

  /** How many requests had an error, by the code of the first; the codes are a closed list. */
  get errorsByCode(): ReadonlyMap<string, number> {
    return this.#errorsByCode;
  }

  /** Requests that are over. */
  get requestCount(): number {
    return this.#requestCount;
  }

  /** Those of them whose credential was accepted. */
  get authenticationCount(): number {
    return this.#authenticationCount;
  }

  /** Operations of these names are told apart from the first on, whoever sends them. */
  expectOperations(names: Iterable<string>): void {
    this.#names.reserve(names);
  }

  /** Of a request that has just come, with W3C Trace Context's header. */
  begin(profile: RequestProfile, traceparent: string | undefined): void {
    if (this.#tracing !== null) profile.trace = this.#tracing.begin(traceparent);
  }

  /** Given to the database, tells each statement's request of it. */
  readonly followStatement: FollowStatement = (text) => {
    const profile = this.profiles.current;
    if (profile === null) this.sent.forNobody += 1;
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

  /** Given to the caches, tells each read's request of it. */
  readonly noteCacheRead = (hits: number, misses: number): void => {
    if (misses === 0) this.cacheReads.answered += 1;
    else this.cacheReads.loaded += 1;
    const profile = this.profiles.current;
    if (profile === null) return;
    profile.cacheHits += hits;
    profile.cacheMisses += misses;
  };

  /** Counts a request that is over, and logs it: in a line of its own, louder the longer it took. */
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
    logPlainly(this.#logger, level, fields, messageFor[slowness ?? 'quick']);
  }

  #slownessOf(durationMs: number): 'slow' | 'verySlow' | null {
    const { slowRequestMs, verySlowRequestMs } = this.#thresholds;
    if (verySlowRequestMs > 0 && durationMs >= verySlowRequestMs) return 'verySlow';
    return slowRequestMs > 0 && durationMs >= slowRequestMs ? 'slow' : null;
  }
}

/** How a request ended. */
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

/** What is logged of a request; written out in one piece, because this is done for each. */
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

/** To microseconds, which is as much as the clock is worth. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
