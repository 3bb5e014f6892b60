import type { Outcome, RequestStats } from '../request-stats.ts';

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
export class OperationNames {
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
