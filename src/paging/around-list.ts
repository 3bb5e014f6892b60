import type { Page, PagedList, PageWindow, Position } from './paged-list.ts';

/**
 * Returns a list whose pages have the row at their parent's anchor in the middle, and whose positions are one
 * integer. A parent without an anchor has an empty page.
 */
export function listAround<Row>(
  list: PagedList<Row>,
  anchors: ReadonlyMap<string, readonly [number]>,
): PagedList<Row> {
  return {
    cursor: list.cursor,
    positionOf: (row) => list.positionOf(row),
    counts: (parents) => list.counts(parents),
    pages: (parents, window) =>
      Promise.all((parents ?? []).map((parent) => pageAround(list, parent, anchors.get(parent), window))),
  };
}

async function pageAround<Row>(
  list: PagedList<Row>,
  parent: string,
  anchor: readonly [number] | undefined,
  { size, needsPageInfo }: PageWindow,
): Promise<Page<Row>> {
  if (anchor === undefined) return { rows: [], hasNext: false, hasPrevious: false };
  const earlierSize = Math.floor((size - 1) / 2);
  const justBefore: Position = [anchor[0] - 1];
  const [[earlier], [later]] = await Promise.all([
    list.pages([parent], {
      size: Math.max(0, earlierSize),
      from: 'end',
      after: null,
      before: anchor,
      needsPageInfo,
    }),
    list.pages([parent], {
      size: size - Math.max(0, earlierSize),
      from: 'start',
      after: justBefore,
      before: null,
      needsPageInfo,
    }),
  ]);
  if (earlier === undefined || later === undefined) throw new Error('The list returned no page.');
  return {
    rows: [...earlier.rows, ...later.rows],
    hasNext: later.hasNext,
    hasPrevious: earlier.hasPrevious,
  };
}
