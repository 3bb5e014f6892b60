import type { Sql } from 'sql-template-tag';
import type { Database } from '../platform/postgres/database.ts';
import { sortsInProcess, sortInProcess } from './page-order.ts';
import { countsStatement, pagesStatement, type PageRow } from './page-statements.ts';

/** A value of a keyset position. */
export type PositionValue = string | number;

/** A keyset position: one value for each column of an ordering. */
export type Position = readonly PositionValue[];

/** The column types that a list can be ordered by. */
export type OrderingType = 'timestamptz' | 'uuid' | 'integer' | 'real' | 'text';

interface OrderingColumn<Row> {
  /** The column's name in the list's select. */
  readonly name: keyof Row & string;
  /** The SQL expression, such as `c.updated_at`; never null. */
  readonly expression: Sql;
  readonly type: OrderingType;
}

/** A total order of a list: all columns have one direction, and the last column is unique within the list. */
export interface Ordering<Row> {
  /** The name that binds a cursor to its ordering. */
  readonly name: string;
  readonly direction: 'asc' | 'desc';
  readonly columns: readonly OrderingColumn<Row>[];
}

/**
 * A lateral join that adds columns to each row of a page and must not remove rows; `row` has the columns of
 * the list's `select`.
 */
export interface LateralJoin {
  readonly select: Sql;
  readonly join: (row: Sql) => Sql;
}

/** The description of a list, of one parent or of none; `parent` is the parent's id. */
export interface List<Row> {
  readonly select: Sql;
  readonly from: Sql;
  readonly where: (parent: Sql) => Sql;
  /**
   * Disjoint conditions, one for each branch of a UNION ALL, in place of one condition with `or`: each branch
   * uses its own index, where an `or` would scan every row.
   */
  readonly unionBranches?: (parent: Sql) => readonly Sql[];
  readonly include?: LateralJoin;
  readonly ordering: Ordering<Row>;
  /** Set when the best plan depends on the values of the conditions: see `PreparableStatement`. */
  readonly usesCustomPlan?: boolean;
}

/** A window of a list: `size` rows counted from the start or the end, between two exclusive positions. */
export interface PageWindow {
  readonly size: number;
  readonly from: 'start' | 'end';
  readonly after: Position | null;
  readonly before: Position | null;
  /**
   * Set when `hasNext` or `hasPrevious` is selected; costs one more row, and with positions a look beyond
   * them.
   */
  readonly needsPageInfo: boolean;
}

/** The rows of a page, and the continuation of the list. */
export interface Page<Row> {
  /** The rows in the list's order, for both directions of the window. */
  readonly rows: readonly Row[];
  /** Meaningful, like `hasPrevious`, only if the window has `needsPageInfo`. */
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

/** The shape of a list's cursors: the name of the ordering and the types of its values. */
export interface CursorShape {
  readonly ordering: string;
  readonly types: readonly OrderingType[];
}

/** A list that is read page by page; `parents` are UUIDs, or null for a list without a parent. */
export interface PagedList<Row> {
  readonly cursor: CursorShape;
  /** Returns a row's keyset position; times are milliseconds since the epoch. */
  positionOf(row: Row): Position;
  /** Loads a page for each parent, in their order, by ONE statement; the caller may modify the array. */
  pages(parents: readonly string[] | null, window: PageWindow): Promise<Page<Row>[]>;
  /** Counts the list of each parent, in their order, by ONE statement. */
  counts(parents: readonly string[] | null): Promise<readonly number[]>;
}

/** Creates a paged list, for one parent as for many, from its description. */
export function pagedList<Row extends object>(db: Database, list: List<Row>): PagedList<Row> {
  const { ordering, usesCustomPlan = false } = list;
  return {
    get cursor() {
      return { ordering: ordering.name, types: ordering.columns.map((column) => column.type) };
    },
    positionOf: (row) => positionOf(ordering, row),
    async pages(parents, window) {
      const { text, values } = pagesStatement(list, parents, window);
      const rows = await db.query<PageRow<Row>>({ text, values, usesCustomPlan });
      const count = parents?.length ?? 1;
      const pages =
        count === 1
          ? [pageFrom(rows, ordering, window)]
          : rowsByParent(rows, count).map((own) => pageFrom(own, ordering, window));
      // The promise of these rows may be retained for long, and the rows with it.
      rows.length = 0;
      return pages;
    },
    async counts(parents) {
      const { text, values } = countsStatement(list, parents);
      const rows = await db.query<{ total: number }>({ text, values, usesCustomPlan });
      return rows.map((row) => row.total);
    },
  };
}

function rowsByParent<Row>(rows: readonly PageRow<Row>[], parentCount: number): PageRow<Row>[][] {
  const byParent = Array.from({ length: parentCount }, (): PageRow<Row>[] => []);
  for (const row of rows) byParent[(row.parentOrdinal ?? 0) - 1]?.push(row);
  return byParent;
}

function positionOf<Row>(ordering: Ordering<Row>, row: Row): Position {
  return ordering.columns.map(({ name }) => {
    const value: unknown = row[name];
    if (value instanceof Date) return value.getTime();
    if (typeof value === 'string' || typeof value === 'number') return value;
    throw new TypeError(`The list ${ordering.name} cannot be ordered by ${name}: it is ${String(value)}.`);
  });
}

/** Sorts the rows in place, and copies those of the page. */
function pageFrom<Row>(rows: PageRow<Row>[], ordering: Ordering<Row>, window: PageWindow): Page<Row> {
  const [first] = rows;
  const hasBefore = first?.hasBefore ?? false;
  const hasAfter = first?.hasAfter ?? false;
  // The only row of an empty page with page info.
  if (first?.isPresent === null) return { rows: [], hasNext: hasAfter, hasPrevious: hasBefore };
  if (sortsInProcess(ordering)) sortInProcess(rows, ordering);
  const goesOn = rows.length > window.size;
  return window.from === 'start'
    ? { rows: rows.slice(0, window.size), hasNext: goesOn || hasAfter, hasPrevious: hasBefore }
    : {
        rows: rows.slice(Math.max(0, rows.length - window.size)),
        hasNext: hasAfter,
        hasPrevious: goesOn || hasBefore,
      };
}
