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

/** Page sizes that get a prepared statement each. */
const commonSizes = [1, 5, 10, 20, 50, 100, 200];

/**
 * Builds ONE statement for a page of each parent's list; `parents` are UUIDs, or null for a list without a
 * parent. The rows are unordered if `sortsInProcess`.
 */
export function pagesStatement<Row>(
  list: List<Row>,
  parents: readonly string[] | null,
  window: PageWindow,
): Sql {
  const { include, ordering } = list;
  const { areMany, id, source } = parentsOf(parents);
  const looksBeyond = window.needsPageInfo && (window.after !== null || window.before !== null);
  const page = pageStatement(list, id, window, looksBeyond);
  const columns = [sql`page.*`];
  let from = sql`(${page}) page`;
  let order = empty;
  if (areMany || looksBeyond) {
    // A parent with an empty page still needs its page info.
    const join = looksBeyond ? sql`left join` : sql`join`;
    from = sql`${source}\n${join} lateral (\n  ${page}\n) page on true`;
  }
  if (looksBeyond) {
    columns.unshift(
      sql`${existence(list, id, '<=', window.after)} as "hasBefore"`,
      sql`${existence(list, id, '>=', window.before)} as "hasAfter"`,
    );
  }
  if (areMany) columns.unshift(sql`parent.ordinal::integer as "parentOrdinal"`);
  if (include !== undefined) {
    columns.push(include.select);
    from = sql`${from}\n${include.join(sql`page`)}`;
  }
  if (!sortsInProcess(ordering)) order = sql`\norder by ${orderBy(ordering, true, 'page')}`;
  const isInOrder = window.from === 'start' || sortsInProcess(ordering);
  const isPageItself = !areMany && columns.length === 1 && isInOrder;
  return isPageItself ? page : sql`select ${join(columns, ', ')}\nfrom ${from}${order}`;
}

/** Builds ONE statement that counts the list of each parent; its rows have `total`, in the parents' order. */
export function countsStatement<Row>(list: List<Row>, parents: readonly string[] | null): Sql {
  const { id, source } = parentsOf(parents);
  const counts = branchesOf(list, id).map((where) => sql`(select count(*) from ${list.from} where ${where})`);
  return sql`select (${join(counts, ' + ')})::integer as total
from ${source}
order by parent.ordinal`;
}

/**
 * Returns the id of each parent with the table of all parents. A single id is a value: the planner can use an
 * equality, and could not with a table of one row.
 */
function parentsOf(parents: readonly string[] | null) {
  if (parents !== null && parents.length !== 1) {
    const source = sql`unnest(${parents}::uuid[]) with ordinality as parent(id, ordinal)`;
    return { areMany: true, id: sql`parent.id`, source };
  }
  const id = parents === null ? sql`null::uuid` : sql`${parents[0]}::uuid`;
  return { areMany: false, id, source: sql`(values (1)) as parent(ordinal)` };
}

/** Selects the rows of one parent's page, from the end that the window names. */
function pageStatement<Row>(list: List<Row>, parent: Sql, window: PageWindow, needsPresence: boolean): Sql {
  const { ordering } = list;
  const isForward = window.from === 'start';
  const bounds: Sql[] = [];
  if (window.after !== null) bounds.push(beyond(ordering, '>', window.after));
  if (window.before !== null) bounds.push(beyond(ordering, '<', window.before));
  const limit = raw(`limit ${rowsFetchedFor(window)}`);
  const presence = needsPresence ? sql`true as "isPresent", ` : empty;
  const pages: Sql[] = [];
  for (const where of branchesOf(list, parent)) {
    pages.push(sql`select ${presence}${list.select}
  from ${list.from}
  where ${join([where, ...bounds], ' and ')}
  order by ${orderBy(ordering, isForward, null)}
  ${limit}`);
  }
  const [only, ...others] = pages;
  if (only !== undefined && others.length === 0) return only;
  // The start of the list is among the starts of its branches.
  return sql`select * from ((${join(pages, ') union all (')})) branch
  order by ${orderBy(ordering, isForward, 'branch')}
  ${limit}`;
}

/**
 * Returns the number of rows to fetch: the size rounded up to a common one, plus one that shows whether the
 * list continues. A literal, as PostgreSQL estimates a parameter in LIMIT at a tenth of the table and replans
 * every time.
 */
function rowsFetchedFor({ needsPageInfo, size }: PageWindow): number {
  const extra = needsPageInfo ? 1 : 0;
  for (const common of commonSizes) if (common >= size) return common + extra;
  return size + extra;
}

/** Returns the condition of each branch, or of the whole list if it has no branches. */
function branchesOf<Row>({ where, unionBranches }: List<Row>, parent: Sql): Sql[] {
  const each = unionBranches?.(parent) ?? [];
  return each.length === 0 ? [where(parent)] : each.map((branch) => sql`${where(parent)} and ${branch}`);
}

/** Selects the rows on one side of a position; the operator refers to the list's order. */
function beyond<Row>(ordering: Ordering<Row>, operator: Operator, position: Position): Sql {
  const columns = ordering.columns.map((column) => column.expression);
  const values = ordering.columns.map((column, index) => typedValue(column.type, position[index]));
  const comparison = raw(ordering.direction === 'asc' ? operator : mirrored[operator]);
  return sql`(${join(columns, ', ')}) ${comparison} (${join(values, ', ')})`;
}

type Operator = '<' | '>' | '<=' | '>=';

const mirrored = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' } as const;

/**
 * Looks for the neighbouring row in order: EXISTS ignores ORDER BY, and the planner may then scan the whole
 * table.
 */
function existence<Row>(list: List<Row>, parent: Sql, operator: '<=' | '>=', position: Position | null): Sql {
  if (position === null) return sql`false`;
  const bound = beyond(list.ordering, operator, position);
  const neighbours = branchesOf(list, parent).map(
    (where) => sql`(select true from ${list.from} where ${where} and ${bound}
    order by ${orderBy(list.ordering, operator === '>=', null)} limit 1)`,
  );
  return sql`coalesce(${join(neighbours)}, false)`;
}

function typedValue(type: OrderingType, value: PositionValue | undefined): Sql {
  return type === 'timestamptz' && typeof value === 'number'
    ? sql`${new Date(value).toISOString()}::timestamptz`
    : sql`${value}::${raw(type)}`;
}

/** Orders rows by the columns' expressions, or rows of a subquery by the names of its columns. */
function orderBy<Row>(ordering: Ordering<Row>, isForward: boolean, subquery: string | null): Sql {
  const direction = raw((ordering.direction === 'asc') === isForward ? 'asc' : 'desc');
  const terms: Sql[] = [];
  for (const { expression, name } of ordering.columns) {
    const column = subquery === null ? expression : raw(`${subquery}."${name}"`);
    terms.push(sql`${column} ${direction}`);
  }
  return join(terms, ', ');
}
