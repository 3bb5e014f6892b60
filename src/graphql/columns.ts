import type { Selection } from '../execution/selection.ts';
import type { Projection } from '../platform/postgres/rows.ts';

/**
 * Which columns must be read for what is asked of rows; `usual` are the fields that the usual columns answer. Nearly all
 * requests ask for no more, and each column costs each row.
 */
export function projectionFor(selection: Selection | null, summaryFields: ReadonlySet<string>): Projection {
  return selection !== null && selection.containsOnly(summaryFields) ? 'summary' : 'full';
}
