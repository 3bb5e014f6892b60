import type { Clock } from '../runtime/clock.ts';
import { Histogram } from './metrics/histogram.ts';
import type { WorkOwner } from '../runtime/work-owner.ts';
import type { OpenTrace } from './tracing.ts';

/** The result of a request: answered, rejected because of the request itself, or failed in the server. */
export type Outcome = 'ok' | 'refused' | 'failed';

/** Measurements of one request, written while the request runs. Times are in milliseconds. */
export class RequestStats {
  readonly requestId: string;
  /** By `performance.now()`. */
  readonly startedAt = performance.now();
  /** The start of a response that lasts as long as its subscription; null for any other. */
  streamedSince: number | null = null;
  /** Null for a request that is not traced. */
  trace: OpenTrace | null = null;
  /**
   * The name chosen by the client; null for an anonymous operation, and for a request without an operation.
   */
  operationName: string | null = null;
  /** True for a request that was sent to execute an operation, with any result. */
  isOperation = false;
  kind: 'query' | 'mutation' | 'subscription' | null = null;
  /** True once the operation was executed; false for a request that was rejected before. */
  isExecuted = false;
  /** The caller; null until it is known whether the request has a valid credential. */
  owner: WorkOwner | null = null;
  /** The user who sent the request; null without a credential. */
  callerKey: string | null = null;
  /** Null until known; takes precedence over the HTTP status. */
  outcome: Outcome | null = null;
  /** The code of the first error in the response. */
  errorCode: string | null = null;
  /** True once a credential was accepted. */
  isAuthenticated = false;
  authenticationMs = 0;
  /** The part of `statements` that authentication sent. */
  authenticationStatements = 0;
  statements = 0;
  /** A sum: concurrent statements may add up to more than the duration of the request. */
  statementMs = 0;
  /** Called with the duration of a statement that settles after the response; null before the response. */
  onLateStatement: ((durationMs: number) => void) | null = null;
  cacheHits = 0;
  cacheMisses = 0;

  constructor(requestId: string) {
    this.requestId = requestId;
  }
}

/** The counts of requests with one name. */
export class RequestCounts {
  readonly byOutcome: Record<Outcome, number> = { ok: 0, refused: 0, failed: 0 };
  readonly durations = new Histogram();
  statements = 0;
  slow = 0;
  verySlow = 0;

  get count(): number {
    return this.durations.count;
  }

  add(other: RequestCounts): void {
    for (const outcome of ['ok', 'refused', 'failed'] as const)
      this.byOutcome[outcome] += other.byOutcome[outcome];
    this.durations.add(other.durations);
    this.statements += other.statements;
    this.slow += other.slow;
    this.verySlow += other.verySlow;
  }
}

/** The result of a request. */
export interface RequestResult {
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Null for a request that was not slow. */
  readonly slowness: 'slow' | 'verySlow' | null;
}

/** The requests of one minute since the epoch, by name. */
interface Minute {
  readonly minute: number;
  readonly byName: Map<string, RequestCounts>;
}

const minuteMs = 60_000;

/** The longest window, in minutes. */
export const windowMinutesMax = 60;

/** Counts requests by name, since the start and per minute of the last hour. */
export class RequestStatistics {
  readonly #clock: Clock;
  readonly #names = new OperationNames();
  /** The counts of all finished minutes. */
  readonly #before = new Map<string, RequestCounts>();
  #current: Minute = { minute: 0, byName: new Map() };
  /** The minutes of the longest window, the current minute last. */
  #minutes: readonly Minute[] = [this.#current];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reserves names of operations, which are counted by name whichever client sends them. */
  reserve(names: Iterable<string>): void {
    this.#names.reserve(names);
  }

  /**
   * Counts a finished request; returns the name that the request is counted under, one of a bounded number.
   */
  record(stats: RequestStats, { outcome, durationMs, slowness }: RequestResult): string {
    const minute = Math.floor(this.#clock.now() / minuteMs);
    if (minute !== this.#current.minute) this.#turnTo(minute);
    const name = this.#names.nameOf(stats, outcome);
    const { byName } = this.#current;
    let counts = byName.get(name);
    if (counts === undefined) byName.set(name, (counts = new RequestCounts()));
    counts.byOutcome[outcome] += 1;
    counts.durations.record(durationMs);
    counts.statements += stats.statements;
    if (slowness !== null) counts[slowness] += 1;
    return name;
  }

  /** Returns the counts since the start. */
  total(): ReadonlyMap<string, RequestCounts> {
    return sumOf([this.#before, this.#current.byName]);
  }

  /** Returns the counts of the last minutes, of which the current minute is one. */
  window(minutes: number): ReadonlyMap<string, RequestCounts> {
    const current = Math.floor(this.#clock.now() / minuteMs);
    const within = this.#minutes.filter(({ minute }) => minute > current - minutes && minute <= current);
    return sumOf(within.map(({ byName }) => byName));
  }

  #turnTo(minute: number): void {
    addTo(this.#before, this.#current.byName);
    this.#current = { minute, byName: new Map() };
    this.#minutes = [...this.#minutes, this.#current].slice(-windowMinutesMax);
  }
}

function sumOf(parts: readonly ReadonlyMap<string, RequestCounts>[]): Map<string, RequestCounts> {
  const sums = new Map<string, RequestCounts>();
  for (const byName of parts) addTo(sums, byName);
  return sums;
}

function addTo(sums: Map<string, RequestCounts>, byName: ReadonlyMap<string, RequestCounts>): void {
  for (const [name, counts] of byName) {
    const sum = sums.get(name) ?? new RequestCounts();
    sums.set(name, sum);
    sum.add(counts);
  }
}

// The names of requests without their own name; invalid as names of GraphQL operations.
const sharedNames = {
  anonymous: '(anonymous)',
  /** Executed operations beyond the bound on names. */
  other: '(other)',
  /** Rejected operations whose name is not known. */
  refused: '(refused)',
  /** Requests that are not operations. */
  http: '(http)',
} as const;

const namesMax = 200;
const namesPerCallerMax = 20;
const nameCharactersMax = 64;

/**
 * A bounded set of operation names, because each name is a time series in Prometheus. Only successful
 * operations add names, a few per user and none for unauthenticated clients, so that made-up names exhaust
 * only the share of their user.
 */
// Names are never removed: their counts would leave the sums, and Prometheus takes a falling counter for a
// restarted one.
class OperationNames {
  readonly #known = new Set<string>();
  readonly #introduced = new Set<string>();
  readonly #introducedBy = new Map<string, number>();

  /** Adds names outside the bound; the operator of the server writes them. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#known.add(name);
  }

  /** Returns the name under which a finished request is counted. */
  nameOf(stats: RequestStats, outcome: Outcome): string {
    const { isOperation, isExecuted, operationName, callerKey } = stats;
    const isKnown =
      operationName !== null && (this.#known.has(operationName) || this.#introduced.has(operationName));
    if (isKnown) return operationName;
    if (!isExecuted) return isOperation ? sharedNames.refused : sharedNames.http;
    if (operationName === null) return sharedNames.anonymous;
    if (outcome === 'refused') return sharedNames.refused;
    return this.#introduce(operationName, callerKey) ? operationName : sharedNames.other;
  }

  #introduce(name: string, callerKey: string | null): boolean {
    if (callerKey === null || name.length > nameCharactersMax) return false;
    const introduced = this.#introducedBy.get(callerKey) ?? 0;
    if (this.#introduced.size >= namesMax || introduced >= namesPerCallerMax) return false;
    this.#introducedBy.set(callerKey, introduced + 1);
    this.#introduced.add(name);
    return true;
  }
}
