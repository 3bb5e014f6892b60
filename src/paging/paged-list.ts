import type { Sql } from 'sql-template-tag';
import type { Database } from '../platform/postgres/database.ts';
import { isSortedHere, sortHere } from './page-order.ts';
import { countsStatement, pagesStatement, type PageRow } from './page-statements.ts';

/** One value of a keyset position. */
export type PositionValue = string | number;

/** A place in an ordering: one value for each of its columns. */
export type Position = readonly PositionValue[];

/** The types that a list can be ordered by; each has one form in a position: see `positionOf`. */
export type OrderingType = 'timestamptz' | 'uuid' | 'integer' | 'real' | 'text';

interface OrderingColumn<Row> {
  /** The name under which the list's select answers this column. */
  readonly name: keyof Row & string;
  /** The column itself, such as `c.updated_at`; never null. */
  readonly expression: Sql;
  readonly type: OrderingType;
}

/** A total order of a list; all columns run the same way, and the last one is unique within the list. */
export interface Ordering<Row> {
  /** Binds a cursor to the ordering that made it. */
  readonly name: string;
  readonly direction: 'asc' | 'desc';
  readonly columns: readonly OrderingColumn<Row>[];
}

/** What else is read for each row of a page, and keeps none of them out; `row` has the columns that the list's `select` names. */
export interface Beside {
  readonly select: Sql;
  readonly join: (row: Sql) => Sql;
}

/** A list of rows, of one parent or of none; `parent` is its id. */
export interface List<Row> {
  readonly select: Sql;
  readonly from: Sql;
  readonly where: (parent: Sql) => Sql;
  /**
   * Further conditions, of which each row of the list meets exactly one, in place of one condition with `or`: each part is
   * read by the index that suits it, where the whole would be looked for in every row.
   */
  readonly parts?: (parent: Sql) => readonly Sql[];
  readonly beside?: Beside;
  readonly ordering: Ordering<Row>;
  /** Whether the way to the rows depends on the values in its conditions: see `PreparableStatement`. */
  readonly isPlannedAnew?: boolean;
}

/** Which part of a list: `size` rows counted from its start or its end, between two positions, both exclusive. */
export interface PageWindow {
  readonly size: number;
  readonly from: 'start' | 'end';
  readonly after: Position | null;
  readonly before: Position | null;
  /** Whether it matters if the list goes on before and behind the page, which costs a row more, and beyond positions more than a page. */
  readonly isFramed: boolean;
}

export interface Page<Row> {
  /** In the list's order, whichever end they were counted from. */
  readonly rows: readonly Row[];
  /** Whether the list goes on behind the page; as for `hasPrevious`, nothing is known of it unless the window is framed. */
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

/** What a cursor of a list holds: the name of the ordering that it belongs to, and a value of each of these types. */
export interface CursorShape {
  readonly ordering: string;
  readonly types: readonly OrderingType[];
}

/** A list that can be read by pages; `parents` are UUIDs, null where the list has no parent. */
export interface PagedList<Row> {
  readonly cursor: CursorShape;
  /** The values by which a cursor finds a row's place again; times are milliseconds since the epoch. */
  positionOf(row: Row): Position;
  /** One page for each parent, in their order, by ONE statement; a fresh array, which the caller may empty. */
  pages(parents: readonly string[] | null, window: PageWindow): Promise<Page<Row>[]>;
  /** The length of each parent's list, in their order, by ONE statement. */
  counts(parents: readonly string[] | null): Promise<readonly number[]>;
}

/** Both shapes of a list, one page and one page for each of many parents, from its one description. */
export function pagedList<Row extends object>(db: Database, list: List<Row>): PagedList<Row> {
  const { isPlannedAnew = false } = list;
  const statement = ({ text, values }: Sql) => ({ text, values, isPlannedAnew });
  return {
    cursor: { ordering: list.ordering.name, types: list.ordering.columns.map((column) => column.type) },
    positionOf: (row) => positionOf(list.ordering, row),
    async pages(parents, window) {
      const rows = await db.query<PageRow<Row>>(statement(pagesStatement(list, parents, window)));
      const pages = pagesFrom(rows, parents?.length ?? 1, list.ordering, window);
      // The promise for these rows was made before PostgreSQL was waited for, and may be kept for long.
      rows.length = 0;
      return pages;
    },
    async counts(parents) {
      const rows = await db.query<{ total: number }>(statement(countsStatement(list, parents)));
      return rows.map((row) => row.total);
    },
  };
}

/** Sorts the statement's rows into one page for each of `parentCount` parents, in their order. */
function pagesFrom<Row>(
  rows: readonly PageRow<Row>[],
  parentCount: number,
  ordering: Ordering<Row>,
  window: PageWindow,
): Page<Row>[] {
  if (parentCount === 1) return [pageFrom(rows, ordering, window)];
  const rowsByParent = Array.from({ length: parentCount }, (): PageRow<Row>[] => []);
  for (const row of rows) rowsByParent[(row.parentOrdinal ?? 0) - 1]?.push(row);
  return rowsByParent.map((ofParent) => pageFrom(ofParent, ordering, window));
}

function positionOf<Row>(ordering: Ordering<Row>, row: Row): Position {
  return ordering.columns.map(({ name }) => {
    const value: unknown = row[name];
    if (value instanceof Date) return value.getTime();
    if (typeof value === 'string' || typeof value === 'number') return value;
    throw new TypeError(`The list ${ordering.name} cannot be ordered by ${name}: it is ${String(value)}.`);
  });
}

function pageFrom<Row>(
  found: readonly PageRow<Row>[],
  ordering: Ordering<Row>,
  window: PageWindow,
): Page<Row> {
  const present = found.filter((row) => row.isPresent !== null);
  if (isSortedHere(ordering)) sortHere(present, ordering);
  const goesOn = present.length > window.size;
  const hasBefore = found[0]?.hasBefore ?? false;
  const hasAfter = found[0]?.hasAfter ?? false;
  return window.from === 'start'
    ? { rows: present.slice(0, window.size), hasNext: goesOn || hasAfter, hasPrevious: hasBefore }
    : {
        rows: present.slice(Math.max(0, present.length - window.size)),
        hasNext: hasAfter,
        hasPrevious: goesOn || hasBefore,
      };
}
