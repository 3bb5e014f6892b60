import { Refusal } from '../../platform/errors.ts';
import type { CostTree, DocumentOperation } from '../documents/document.ts';
import { actualCost, requestedCost, type Variables } from './cost.ts';
import { longestListIn } from './longest-list.ts';
import type { QueryLimits } from './query-limits.ts';

/** An operation that may run, and its cost. */
export interface Admitted {
  readonly kind: DocumentOperation['kind'];
  readonly tree: CostTree;
  /** An upper bound, known before anything runs. */
  readonly cost: number;
}

/** Characters of a new document that are charged as one row: reading and planning them takes as long. */
const charactersPerCost = 10;

/**
 * Decides by form and variables whether an operation may run.
 * @throws Refusal with QUERY_TOO_COMPLEX
 */
export function admit(operation: DocumentOperation, variables: Variables, limits: QueryLimits): Admitted {
  const { costMax, listMax } = limits;
  for (const [name, type] of operation.listVariables) {
    const longest = longestListIn(variables[name], type);
    if (listMax === 0 || longest <= listMax) continue;
    throw new Refusal(
      'QUERY_TOO_COMPLEX',
      `A variable has a list of ${longest} entries; ${listMax} are allowed.`,
    );
  }
  const tree = operation.costTree(variables);
  const cost = tree.total ?? requestedCost(tree.nodes, variables);
  if (costMax > 0 && cost > costMax) {
    throw new Refusal('QUERY_TOO_COMPLEX', `This operation costs up to ${cost}; ${costMax} are allowed.`);
  }
  return { kind: operation.kind, tree, cost };
}

/** Returns the cost of an unknown document, in addition to the cost of its operation. */
export function costOfNew(text: string): number {
  return Math.ceil(text.length / charactersPerCost);
}

/** Returns the cost of an operation before it ran, and by the data of its answer. */
export function reportCost(
  { cost, tree }: Admitted,
  data: unknown,
  variables: Variables = {},
): { readonly requested: number; readonly actual: number } {
  return { requested: cost, actual: actualCost(tree.nodes, data, variables) };
}
