import type { Outcome, RequestProfile } from '../request-stats.ts';

// What stands for requests without a name of their own; no operation of GraphQL can be called so.
const sharedNames = {
  anonymous: '(anonymous)',
  /** Answered under a name for which there was no room. */
  other: '(other)',
  /** Refused under a name that nobody was answered under. */
  refused: '(refused)',
  /** Anything but an operation. */
  http: '(http)',
} as const;

const namesMax = 200;
const namesPerCallerMax = 20;
const nameCharactersMax = 64;

/**
 * The names under which requests are counted: a bounded number, for good, because each is a time series for
 * whoever watches the server. Only what was not refused gets a name, each user brings in a few, and strangers
 * none: who makes names up uses up their own share of the room and not that of others.
 *
 * A name that has not been met for long keeps its place. If it gave way, its counts would have to leave the
 * sums that they are part of, and a counter that falls is taken for one that began again: all that is left in
 * it would be counted a second time.
 */
export class OperationNames {
  readonly #known = new Set<string>();
  readonly #introduced = new Set<string>();
  readonly #introducedBy = new Map<string, number>();

  /** These have a place of their own, however many they are: they are written by whoever runs the server. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#known.add(name);
  }

  /** The name to count a request under that is over and ended so. */
  nameOf(profile: RequestProfile, outcome: Outcome): string {
    const { isOperation, isExecuted, operationName, callerKey } = profile;
    if (operationName !== null && this.#has(operationName)) return operationName;
    if (!isExecuted) return isOperation ? sharedNames.refused : sharedNames.http;
    if (operationName === null) return sharedNames.anonymous;
    if (outcome === 'refused') return sharedNames.refused;
    return this.#introduce(operationName, callerKey) ? operationName : sharedNames.other;
  }

  #has(name: string): boolean {
    return this.#known.has(name) || this.#introduced.has(name);
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
