import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import { sortsInProcess } from './page-order.ts';
import type { List, Ordering, OrderingType, PageWindow, Position, PositionValue } from './paged-list.ts';

/** A row of `pagesStatement`, with the columns that the window and many parents require. */
export type PageRow<Row> = Row & {
  /** The parent's position, starting at 1; only with many parents. */
  readonly parentOrdinal?: number;
  /** Only with page info beyond a position; a parent with an empty page then has a row of nulls. */
  readonly hasBefore?: boolean;
  readonly hasAfter?: boolean;
  readonly isPresent?: true | null;
};

/** The parent's id in a statement for many parents. */
const eachParent = sql`parent.id`;
const noParent = sql`null::uuid`;

/**
 * Builds ONE statement for a page of each parent's list; `parents` are UUIDs, or null for a list without a parent.
 * The rows are unordered if `sortsInProcess`.
 */
export function pagesStatement<Row>(
  list: List<Row>,
  parents: readonly string[] | null,
  window: PageWindow,
): Sql {
  const { ordering } = list;
  const parent = parentIn(parents);
  const needsPageInfo = window.needsPageInfo && (window.after !== null || window.before !== null);
  const page = pageStatement(list, parent, window, needsPageInfo);
  const included = list.include === undefined ? empty : sql`, ${list.include.select}`;
  const lateralJoin =
    list.include === undefined
      ? empty
      : sql`
${list.include.join(sql`page`)}`;
  const inOrder = sortsInProcess(ordering)
    ? empty
    : sql`
order by ${orderByNames(ordering, 'page', true)}`;
  if (!needsPageInfo && !isMany(parents)) {
    const isPageItself = list.include === undefined && (window.from === 'start' || sortsInProcess(ordering));
    return isPageItself ? page : sql`select page.*${included} from (${page}) page${lateralJoin}${inOrder}`;
  }
  const ordinal = isMany(parents) ? sql`parent.ordinal::integer as "parentOrdinal", ` : empty;
  const frame = needsPageInfo
    ? sql`${existence(list, parent, '<=', window.after)} as "hasBefore",
  ${existence(list, parent, '>=', window.before)} as "hasAfter", `
    : empty;
  // A parent with an empty page still needs its page info.
  const join = needsPageInfo ? sql`left join` : sql`join`;
  return sql`select ${ordinal}${frame}page.*${included}
from ${parentsOf(parents)}
${join} lateral (
  ${page}
) page on true${lateralJoin}${inOrder}`;
}

/** Selects the rows of one parent's page, from the end that the window names. */
function pageStatement<Row>(list: List<Row>, parent: Sql, window: PageWindow, needsPageInfo: boolean): Sql {
  const { ordering } = list;
  const isForward = window.from === 'start';
  const bounds = [...beyond(ordering, '>', window.after), ...beyond(ordering, '<', window.before)];
  const limit = raw(`limit ${rowsFetchedFor(window)}`);
  const presence = needsPageInfo ? sql`true as "isPresent", ` : empty;
  const pages = branchesOf(list, parent).map(
    (where) => sql`select ${presence}${list.select}
  from ${list.from}
  where ${join([where, ...bounds], ' and ')}
  order by ${orderBy(ordering, isForward)}
  ${limit}`,
  );
  return merged(ordering, pages, isForward, limit);
}

/** Builds ONE statement that counts the list of each parent; its rows have `total`, in the order of the parents. */
export function countsStatement<Row>(list: List<Row>, parents: readonly string[] | null): Sql {
  const counts = branchesOf(list, parentIn(parents)).map(
    (where) => sql`(select count(*) from ${list.from} where ${where})`,
  );
  return sql`select (${join(counts, ' + ')})::integer as total
from ${parentsOf(parents)}
order by parent.ordinal`;
}

/** Page sizes that get a prepared statement each. */
const commonSizes = [1, 5, 10, 20, 50, 100, 200];

/**
 * Returns the number of rows to fetch: the size rounded up to a common one, plus one that shows whether the list
 * continues. A literal, as PostgreSQL estimates a parameter in LIMIT at a tenth of the table and replans every time.
 */
function rowsFetchedFor({ needsPageInfo, size }: PageWindow): number {
  const rows = commonSizes.find((common) => common >= size) ?? size;
  return needsPageInfo ? rows + 1 : rows;
}

/** Returns the condition of each branch, or of the whole list if it has no branches. */
function branchesOf<Row>({ where, unionBranches }: List<Row>, parent: Sql): Sql[] {
  const each = unionBranches?.(parent) ?? [];
  return each.length === 0 ? [where(parent)] : each.map((branch) => sql`${where(parent)} and ${branch}`);
}

/** Merges the pages of the branches: the start of the list is among the starts of its branches. */
function merged<Row>(ordering: Ordering<Row>, pages: readonly Sql[], isForward: boolean, limit: Sql): Sql {
  const [only, ...others] = pages;
  if (only !== undefined && others.length === 0) return only;
  return sql`select * from ((${join(pages, ') union all (')})) branch
  order by ${orderByNames(ordering, 'branch', isForward)}
  ${limit}`;
}

function isMany(parents: readonly string[] | null): parents is readonly string[] {
  return parents !== null && parents.length !== 1;
}

/** Returns a single parent as a value: the planner can use an equality, and could not with a table of one row. */
function parentIn(parents: readonly string[] | null): Sql {
  if (isMany(parents)) return eachParent;
  return parents === null ? noParent : sql`${parents[0]}::uuid`;
}

function parentsOf(parents: readonly string[] | null): Sql {
  return isMany(parents)
    ? sql`unnest(${parents}::uuid[]) with ordinality as parent(id, ordinal)`
    : sql`(values (1)) as parent(ordinal)`;
}

/** Selects the rows on one side of a position; the operator refers to the list's order. */
function beyond<Row>(ordering: Ordering<Row>, operator: Operator, position: Position | null): Sql[] {
  if (position === null) return [];
  const columns = ordering.columns.map((column) => column.expression);
  const values = ordering.columns.map((column, index) => typedValue(column.type, position[index]));
  const comparison = raw(ordering.direction === 'asc' ? operator : mirrored[operator]);
  return [sql`(${join(columns, ', ')}) ${comparison} (${join(values, ', ')})`];
}

type Operator = '<' | '>' | '<=' | '>=';

const mirrored = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' } as const;

/** Looks for the neighbouring row in order: EXISTS ignores ORDER BY, and the planner may then scan the whole table. */
function existence<Row>(list: List<Row>, parent: Sql, operator: '<=' | '>=', position: Position | null): Sql {
  const [bound] = beyond(list.ordering, operator, position);
  if (bound === undefined) return sql`false`;
  const neighbours = branchesOf(list, parent).map(
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

/** Orders rows of a subquery by the names of their columns. */
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
