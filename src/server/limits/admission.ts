import { Refusal } from '../../platform/errors.ts';
import type { DocumentOperation } from '../documents/document-operation.ts';
import { actualCost, requestedCost, type Variables } from './cost.ts';
import type { QueryLimits } from './query-limits.ts';

/** An operation that may run, and its cost. */
export interface Admitted {
  readonly kind: DocumentOperation['kind'];
  readonly name: string | null;
  /** An upper bound, known before anything runs. */
  readonly cost: number;
  /** The cost by the data that were answered. */
  actualCost(data: unknown): number;
}

/** Characters of a new document that are charged as one row: to read, validate and plan them takes about as long. */
const charactersPerCost = 10;

/**
 * Decides by its form and variables whether an operation may run.
 * @throws Refusal with QUERY_TOO_COMPLEX
 */
export function admit(operation: DocumentOperation, variables: Variables, limits: QueryLimits): Admitted {
  refuseLongList(operation.longestList(variables), limits);
  const tree = operation.costTree(variables);
  const cost = requestedCost(tree, variables);
  const { costMax } = limits;
  if (costMax > 0 && cost > costMax) {
    throw new Refusal('QUERY_TOO_COMPLEX', `This operation costs up to ${cost}; ${costMax} are allowed.`);
  }
  const { kind, name } = operation;
  return { kind, name, cost, actualCost: (data) => actualCost(tree, data, variables) };
}

/** The cost of a document that is not known yet, on top of the cost of its operation. */
export function costOfNew(text: string): number {
  return Math.ceil(text.length / charactersPerCost);
}

function refuseLongList(longest: number, { listMax }: QueryLimits): void {
  if (listMax === 0 || longest <= listMax) return;
  throw new Refusal(
    'QUERY_TOO_COMPLEX',
    `A variable has a list of ${longest} entries; ${listMax} are allowed.`,
  );
}
