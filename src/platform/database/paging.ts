import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import type { Database } from './database.ts';

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
  /** Whether it matters if the list has rows beyond the two positions: finding that out costs more than a page's rows. */
  readonly isFramed: boolean;
}

export interface Page<Row> {
  /** In the list's order, whichever end they were counted from. */
  readonly rows: readonly Row[];
  /** Whether the list goes on behind the page; as for `hasPrevious`, not beyond a position unless the window is framed. */
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
  /** One page for each parent, in their order, by ONE statement. */
  pages(parents: readonly string[] | null, window: PageWindow): Promise<readonly Page<Row>[]>;
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
      return pagesFrom(rows, parents?.length ?? 1, window);
    },
    async counts(parents) {
      const rows = await db.query<{ total: number }>(statement(countsStatement(list, parents)));
      return rows.map((row) => row.total);
    },
  };
}

/** What the statement of `pagesStatement` answers: a row, with what there is more than one of, or what was asked about it. */
type PageRow<Row> = Row & {
  /** Where there are many parents. */
  readonly parentOrdinal?: number;
  /** These where the window is framed; the row's own columns are then nulls where a parent's page is empty. */
  readonly hasBefore?: boolean;
  readonly hasAfter?: boolean;
  readonly isPresent?: true | null;
};

/** The id of each parent within a statement that answers for many. */
const eachParent = sql`parent.id`;
const nobody = sql`null::uuid`;

/**
 * ONE statement for a page of each parent's list; `parents` are UUIDs, null stands for a list without a parent.
 * More rows than the page's size are fetched, which tells whether the list goes on; what lies beyond a cursor is asked
 * by itself, because the cursor's own row may be gone.
 */
function pagesStatement<Row>(list: List<Row>, parents: readonly string[] | null, window: PageWindow): Sql {
  const { ordering } = list;
  const parent = parentIn(parents);
  const isFramed = window.isFramed && (window.after !== null || window.before !== null);
  const page = pageStatement(list, parent, window, isFramed);
  const byOrdering = orderByNames(ordering, 'page', true);
  if (!isFramed && !isMany(parents)) {
    return window.from === 'start' ? page : sql`select page.* from (${page}) page order by ${byOrdering}`;
  }
  const ordinal = isMany(parents) ? sql`parent.ordinal::integer as "parentOrdinal", ` : empty;
  const frame = isFramed
    ? sql`${existence(list, parent, '<=', window.after)} as "hasBefore",
  ${existence(list, parent, '>=', window.before)} as "hasAfter", `
    : empty;
  // A page that is empty has something beside it all the same.
  const join = isFramed ? sql`left join` : sql`join`;
  return sql`select ${ordinal}${frame}page.*
from ${parentsOf(parents)}
${join} lateral (
  ${page}
) page on true
order by parent.ordinal, ${byOrdering}`;
}

/** The rows of one parent's page, counted from the end that the window says. */
function pageStatement<Row>(list: List<Row>, parent: Sql, window: PageWindow, isFramed: boolean): Sql {
  const { ordering } = list;
  const isForward = window.from === 'start';
  const bounds = [...beyond(ordering, '>', window.after), ...beyond(ordering, '<', window.before)];
  const limit = raw(`limit ${rowsFetchedFor(window.size)}`);
  const presence = isFramed ? sql`true as "isPresent", ` : empty;
  const pages = partsOf(list, parent).map(
    (where) => sql`select ${presence}${list.select}
  from ${list.from}
  where ${join([where, ...bounds], ' and ')}
  order by ${orderBy(ordering, isForward)}
  ${limit}`,
  );
  return merged(ordering, pages, isForward, limit);
}

/** ONE statement for the length of each parent's list; answers `total` in the order of the parents. */
function countsStatement<Row>(list: List<Row>, parents: readonly string[] | null): Sql {
  const counts = partsOf(list, parentIn(parents)).map(
    (where) => sql`(select count(*) from ${list.from} where ${where})`,
  );
  return sql`select (${join(counts, ' + ')})::integer as total
from ${parentsOf(parents)}
order by parent.ordinal`;
}

/**
 * How many rows are fetched for a page: one more than usual pages have. A constant, because of a limit that is a parameter
 * PostgreSQL expects a tenth of the table and plans anew each time; one of a few, because each makes a statement of its own.
 */
function rowsFetchedFor(size: number): number {
  return [2, 6, 11, 21, 51, 101, 201].find((rows) => rows > size) ?? size + 1;
}

/** The conditions of the list's parts; of the list itself where it has none. */
function partsOf<Row>({ where, parts }: List<Row>, parent: Sql): Sql[] {
  const each = parts?.(parent) ?? [];
  return each.length === 0 ? [where(parent)] : each.map((part) => sql`${where(parent)} and ${part}`);
}

/** The beginning of the whole list is among the beginnings of its parts. */
function merged<Row>(ordering: Ordering<Row>, pages: readonly Sql[], isForward: boolean, limit: Sql): Sql {
  const [only, ...others] = pages;
  if (only !== undefined && others.length === 0) return only;
  return sql`select * from ((${join(pages, ') union all (')})) part
  order by ${orderByNames(ordering, 'part', isForward)}
  ${limit}`;
}

/** Sorts the statement's rows into one page for each of `parentCount` parents, in their order. */
function pagesFrom<Row>(rows: readonly PageRow<Row>[], parentCount: number, window: PageWindow): Page<Row>[] {
  if (parentCount === 1) return [pageFrom(rows, window)];
  const rowsByParent = Array.from({ length: parentCount }, (): PageRow<Row>[] => []);
  for (const row of rows) rowsByParent[(row.parentOrdinal ?? 0) - 1]?.push(row);
  return rowsByParent.map((ofParent) => pageFrom(ofParent, window));
}

function positionOf<Row>(ordering: Ordering<Row>, row: Row): Position {
  return ordering.columns.map(({ name }) => {
    const value: unknown = row[name];
    if (value instanceof Date) return value.getTime();
    if (typeof value === 'string' || typeof value === 'number') return value;
    throw new TypeError(`The list ${ordering.name} cannot be ordered by ${name}: it is ${String(value)}.`);
  });
}

function pageFrom<Row>(found: readonly PageRow<Row>[], window: PageWindow): Page<Row> {
  const present = found.filter((row) => row.isPresent !== null);
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

function isMany(parents: readonly string[] | null): parents is readonly string[] {
  return parents !== null && parents.length !== 1;
}

/** A single one is a value: the planner uses it like any other equality, which a table of one would hide. */
function parentIn(parents: readonly string[] | null): Sql {
  if (isMany(parents)) return eachParent;
  return parents === null ? nobody : sql`${parents[0]}::uuid`;
}

function parentsOf(parents: readonly string[] | null): Sql {
  return isMany(parents)
    ? sql`unnest(${parents}::uuid[]) with ordinality as parent(id, ordinal)`
    : sql`(values (1)) as parent(ordinal)`;
}

/** Rows on one side of a position; the operator is meant in the list's own order. */
function beyond<Row>(ordering: Ordering<Row>, operator: Operator, position: Position | null): Sql[] {
  if (position === null) return [];
  const columns = ordering.columns.map((column) => column.expression);
  const values = ordering.columns.map((column, index) => typedValue(column.type, position[index]));
  const comparison = raw(ordering.direction === 'asc' ? operator : mirrored[operator]);
  return [sql`(${join(columns, ', ')}) ${comparison} (${join(values, ', ')})`];
}

type Operator = '<' | '>' | '<=' | '>=';

const mirrored = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' } as const;

/** Asked for by the neighbouring row in order: EXISTS ignores an order, and without one the planner may read the whole table. */
function existence<Row>(list: List<Row>, parent: Sql, operator: '<=' | '>=', position: Position | null): Sql {
  const [bound] = beyond(list.ordering, operator, position);
  if (bound === undefined) return sql`false`;
  const neighbours = partsOf(list, parent).map(
    (where) => sql`(select true from ${list.from} where ${where} and ${bound}
    order by ${orderBy(list.ordering, operator === '>=')} limit 1)`,
  );
  return sql`coalesce(${join(neighbours)}, false)`;
}

function typedValue(type: OrderingType, value: PositionValue | undefined): Sql {
  return type === 'timestamptz' && typeof value === 'number'
    ? sql`${new Date(value).toISOString()}::timestamptz`
    : sql`${value}::${raw(type)}`;
}

function orderBy<Row>(ordering: Ordering<Row>, isForward: boolean): Sql {
  const direction = directionOf(ordering, isForward);
  return join(
    ordering.columns.map((column) => sql`${column.expression} ${direction}`),
    ', ',
  );
}

/** The same of rows that are selected already, by the names of their columns. */
function orderByNames<Row>(ordering: Ordering<Row>, table: string, isForward: boolean): Sql {
  const direction = directionOf(ordering, isForward);
  return join(
    ordering.columns.map((column) => sql`${raw(`${table}."${column.name}"`)} ${direction}`),
    ', ',
  );
}

function directionOf<Row>(ordering: Ordering<Row>, isForward: boolean): Sql {
  return raw((ordering.direction === 'asc') === isForward ? 'asc' : 'desc');
}
