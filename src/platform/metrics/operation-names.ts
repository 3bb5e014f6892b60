import type { RequestProfile } from '../request-profile.ts';

// What stands for requests without a name of their own; no operation of GraphQL can be called so.
const sharedNames = {
  anonymous: '(anonymous)',
  /** Executed under a name for which there was no more room. */
  other: '(other)',
  /** Refused before it was executed, under a name that nobody has executed. */
  refused: '(refused)',
  /** Anything but an operation. */
  http: '(http)',
} as const;

const namesMax = 200;
/** Of one user; all strangers together count as one. */
const namesPerCallerMax = 20;
const nameCharactersMax = 64;

/**
 * The names under which requests are counted: a bounded number, for good, because each is a time series for whoever watches
 * the server. Only what was executed gets a name, and each caller brings in a few: who makes names up uses up their own
 * share of the room and not that of others.
 */
export class OperationNames {
  readonly #names = new Set<string>();
  readonly #introducedBy = new Map<string, number>();

  /** `known` names have their place before anybody comes, such as those of trusted documents. */
  constructor(known: Iterable<string> = []) {
    for (const name of known) if (this.#names.size < namesMax) this.#names.add(name);
  }

  nameOf({ isOperation, isExecuted, operationName, callerKey }: RequestProfile): string {
    if (operationName !== null) {
      if (this.#names.has(operationName)) return operationName;
      if (isExecuted)
        return this.#introduce(operationName, callerKey ?? '') ? operationName : sharedNames.other;
    }
    if (isExecuted) return sharedNames.anonymous;
    return isOperation ? sharedNames.refused : sharedNames.http;
  }

  #introduce(name: string, callerKey: string): boolean {
    const introduced = this.#introducedBy.get(callerKey) ?? 0;
    if (this.#names.size >= namesMax || introduced >= namesPerCallerMax) return false;
    if (name.length > nameCharactersMax) return false;
    this.#introducedBy.set(callerKey, introduced + 1);
    this.#names.add(name);
    return true;
  }
}
