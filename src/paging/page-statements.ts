import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import { isSortedHere } from './page-order.ts';
import type { List, Ordering, OrderingType, PageWindow, Position, PositionValue } from './paged-list.ts';

/** What the statement of `pagesStatement` answers: a row, with what there is more than one of, or what was asked about it. */
export type PageRow<Row> = Row & {
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
 * Where it matters if the list goes on more rows than the page's size are fetched, which tells; what lies beyond a cursor is asked
 * by itself, because the cursor's own row may be gone. The rows come in any order where `isSortedHere` says so.
 */
export function pagesStatement<Row>(
  list: List<Row>,
  parents: readonly string[] | null,
  window: PageWindow,
): Sql {
  const { ordering } = list;
  const parent = parentIn(parents);
  const isFramed = window.isFramed && (window.after !== null || window.before !== null);
  const page = pageStatement(list, parent, window, isFramed);
  const beside = list.beside === undefined ? empty : sql`, ${list.beside.select}`;
  const besideJoin =
    list.beside === undefined
      ? empty
      : sql`
${list.beside.join(sql`page`)}`;
  const inOrder = isSortedHere(ordering)
    ? empty
    : sql`
order by ${orderByNames(ordering, 'page', true)}`;
  if (!isFramed && !isMany(parents)) {
    const isPageItself = list.beside === undefined && (window.from === 'start' || isSortedHere(ordering));
    return isPageItself ? page : sql`select page.*${beside} from (${page}) page${besideJoin}${inOrder}`;
  }
  const ordinal = isMany(parents) ? sql`parent.ordinal::integer as "parentOrdinal", ` : empty;
  const frame = isFramed
    ? sql`${existence(list, parent, '<=', window.after)} as "hasBefore",
  ${existence(list, parent, '>=', window.before)} as "hasAfter", `
    : empty;
  // A page that is empty has something beside it all the same.
  const join = isFramed ? sql`left join` : sql`join`;
  return sql`select ${ordinal}${frame}page.*${beside}
from ${parentsOf(parents)}
${join} lateral (
  ${page}
) page on true${besideJoin}${inOrder}`;
}

/** The rows of one parent's page, counted from the end that the window says. */
function pageStatement<Row>(list: List<Row>, parent: Sql, window: PageWindow, isFramed: boolean): Sql {
  const { ordering } = list;
  const isForward = window.from === 'start';
  const bounds = [...beyond(ordering, '>', window.after), ...beyond(ordering, '<', window.before)];
  const limit = raw(`limit ${rowsFetchedFor(window)}`);
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
export function countsStatement<Row>(list: List<Row>, parents: readonly string[] | null): Sql {
  const counts = partsOf(list, parentIn(parents)).map(
    (where) => sql`(select count(*) from ${list.from} where ${where})`,
  );
  return sql`select (${join(counts, ' + ')})::integer as total
from ${parentsOf(parents)}
order by parent.ordinal`;
}

/** Sizes of pages that are asked for again and again. */
const usualSizes = [1, 5, 10, 20, 50, 100, 200];

/**
 * How many rows are fetched for a page: as many as usual pages have, and one more where it matters if the list goes on. A constant,
 * because of a limit that is a parameter PostgreSQL expects a tenth of the table and plans anew each time; one of a few, because each
 * makes a statement of its own.
 */
function rowsFetchedFor({ isFramed, size }: PageWindow): number {
  const rows = usualSizes.find((usual) => usual >= size) ?? size;
  return isFramed ? rows + 1 : rows;
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
