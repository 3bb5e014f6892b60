import { mergeSelections, Selection } from '../execution/selection.ts';
import { BadUserInput, InvalidCursor } from '../platform/errors.ts';
import type { CursorShape, Page, PagedList, PageWindow, Position } from '../paging/paged-list.ts';
import type { Projection } from '../platform/postgres/rows.ts';
import { isNone } from '../platform/text.ts';
import { batched } from './batched.ts';
import { decodeCursor, encodeCursor } from '../paging/cursor.ts';

/** The arguments of every connection field. */
export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

/** A page as the API returns it; its `totalCount` is counted only when selected. */
export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly nodes: readonly Node[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly counter: Counter;
}

/** Counts the lists of many parents in one statement; `index` is this connection's place among them. */
interface Counter {
  readonly index: number;
  /** Shared by all connections of one batch, so that one statement counts them. */
  readonly source: { readonly countAll: () => Promise<readonly number[]> };
}

/** Relay's page size limits for the whole API. */
export const pageSizeMax = 200;
const pageSizeDefault = 50;

/** The conversion of a list's rows to the nodes of its connection. */
interface ConnectionOptions<Row, Node> {
  /** Returns the nodes of all rows of all pages, in their order. */
  readonly toNodes: (rows: readonly Row[]) => readonly Node[] | Promise<readonly Node[]>;
}

/** The settings of a page beside its arguments. */
interface PageOptions {
  /** The end to count from without `first` and `last`; the start by default. */
  readonly defaultFrom?: PageWindow['from'];
  /** The fields that will be read of the connection; null: any. */
  readonly selection?: Selection | null;
}

/**
 * Loads a page of each parent's list, in the order of the parents, by one statement; null means a list
 * without parents.
 */
export async function connectionsOf<Row>(
  list: PagedList<Row>,
  parents: readonly string[] | null,
  args: PageArguments,
  options: PageOptions = {},
): Promise<Connection<Row>[]> {
  const pages = await list.pages(parents, windowFrom(args, list, options));
  const source = { countAll: () => list.counts(parents) };
  const connections: Connection<Row>[] = [];
  for (const [index, page] of pages.entries()) {
    connections.push(new LazyConnection(list, page, page.rows, { index, source }));
  }
  // The promise of the pages was made before the wait for PostgreSQL, and may be kept for long.
  pages.length = 0;
  return connections;
}

/** Loads as `connectionsOf`, for lists whose rows only identify the nodes of the connection. */
export async function mappedConnectionsOf<Row, Node>(
  list: PagedList<Row>,
  parents: readonly string[] | null,
  args: PageArguments,
  { toNodes, ...options }: ConnectionOptions<Row, Node> & PageOptions,
): Promise<Connection<Node>[]> {
  const pages = await list.pages(parents, windowFrom(args, list, options));
  const nodes = await toNodes(pages.flatMap((page) => page.rows));
  const source = { countAll: () => list.counts(parents) };
  let start = 0;
  return pages.map((page, index) => {
    const end = start + page.rows.length;
    const connection = new LazyConnection(list, page, nodes.slice(start, end), { index, source });
    start = end;
    return connection;
  });
}

/** A page of a list that has no parent. */
export async function connectionOf<Row>(
  list: PagedList<Row>,
  args: PageArguments,
  options: PageOptions = {},
): Promise<Connection<Row>> {
  return firstOf(await connectionsOf(list, null, args, options));
}

/** Returns the only connection of a list that was loaded with one parent, or with none. */
export function firstOf<Node>([connection]: readonly Connection<Node>[]): Connection<Node> {
  if (connection === undefined) throw new Error('The list returned no page.');
  return connection;
}

/** Returns the fields that will be read of a connection's nodes; null: any. */
export function nodeSelection(selection: Selection | null): Selection | null {
  if (selection === null) return null;
  const nodes = selection.below('nodes');
  const node = selection.below('edges')?.below('node') ?? null;
  if (nodes === null || node === null) return nodes ?? node ?? new Selection();
  return mergeSelections([nodes, node]);
}

/**
 * Returns the columns that a selection requires: all, or those that answer `summaryFields`. Nearly all
 * requests select no others, and each column costs each row.
 */
export function projectionFor(selection: Selection | null, summaryFields: ReadonlySet<string>): Projection {
  return selection !== null && selection.containsOnly(summaryFields) ? 'summary' : 'full';
}

/** The resolvers that every connection type shares. */
export const connectionResolvers = {
  totalCount: batched(async (connections: readonly Connection<unknown>[]) => {
    const sources = [...new Set(connections.map((connection) => connection.counter.source))];
    const counts = await Promise.all(sources.map((source) => source.countAll()));
    const countsBySource = new Map(sources.map((source, index) => [source, counts[index]]));
    return connections.map(({ counter }) => countsBySource.get(counter.source)?.[counter.index] ?? 0);
  }),
};

/**
 * Returns the part of a list that the arguments select. Without `first` and `last`: 50 rows from
 * `defaultFrom`.
 * @throws BadUserInput for a size over 200, a negative one, or both `first` and `last`
 * @throws InvalidCursor for a cursor that this ordering did not make
 */
function windowFrom(
  args: PageArguments,
  list: Pick<PagedList<unknown>, 'cursor'>,
  { selection = null, defaultFrom = 'start' }: PageOptions,
): PageWindow {
  const first = args.first ?? null;
  const last = args.last ?? null;
  if (first !== null && last !== null) {
    throw new BadUserInput('Provide `first` or `last`, not both.');
  }
  const isForward = first !== null || (last === null && defaultFrom === 'start');
  const size = first ?? last ?? pageSizeDefault;
  if (size < 0 || size > pageSizeMax) {
    const argument = isForward ? 'first' : 'last';
    throw new BadUserInput(`\`${argument}\` is ${size}; a page has 0 to ${pageSizeMax} rows.`);
  }
  const { after, before } = args;
  return {
    size,
    from: isForward ? 'start' : 'end',
    // Apollo Client's `relayStylePagination` sends an empty cursor after an empty page.
    after: isNone(after) ? null : positionFrom(list.cursor, 'after', after),
    before: isNone(before) ? null : positionFrom(list.cursor, 'before', before),
    needsPageInfo: selectsNeighbours(selection),
  };
}

function selectsNeighbours(selection: Selection | null): boolean {
  if (selection === null) return true;
  const pageInfo = selection.below('pageInfo');
  return pageInfo !== null && !pageInfo.containsOnly(cursorFields);
}

const cursorFields: ReadonlySet<string> = new Set(['startCursor', 'endCursor']);

/** Creates cursors only when selected: most requests read nodes alone, and a cursor costs more than its row. */
class LazyConnection<Row, Node> implements Connection<Node> {
  readonly nodes: readonly Node[];
  readonly counter: Counter;
  readonly #list: PagedList<Row>;
  readonly #page: Page<Row>;

  constructor(list: PagedList<Row>, page: Page<Row>, nodes: readonly Node[], counter: Counter) {
    this.nodes = nodes;
    this.counter = counter;
    this.#list = list;
    this.#page = page;
  }

  get edges(): Connection<Node>['edges'] {
    return this.#page.rows.flatMap((row, index) => {
      const node = this.nodes[index];
      return node === undefined ? [] : [{ cursor: this.#cursorOf(row), node }];
    });
  }

  get pageInfo(): Connection<Node>['pageInfo'] {
    const { hasNext, hasPrevious, rows } = this.#page;
    const [first, last] = [rows[0], rows.at(-1)];
    return {
      hasNextPage: hasNext,
      hasPreviousPage: hasPrevious,
      startCursor: first === undefined ? null : this.#cursorOf(first),
      endCursor: last === undefined ? null : this.#cursorOf(last),
    };
  }

  #cursorOf(row: Row): string {
    return encodeCursor(this.#list.cursor, this.#list.positionOf(row));
  }
}

function positionFrom(shape: CursorShape, argument: string, cursor: string): Position {
  const position = decodeCursor(shape, cursor);
  if (position === null) throw new InvalidCursor(argument);
  return position;
}
