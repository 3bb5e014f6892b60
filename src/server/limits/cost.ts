/** The rows of a page without a size, the same as in the API. */
export const pageSizeDefault = 50;

/**
 * A number of rows: known, or the value of a variable, or the length of its list; `absent` applies without a
 * value.
 */
export type Size = number | { readonly variable: string; readonly absent: number };

/** The variables of a request as the client sent them. */
export type Variables = Readonly<Record<string, unknown>>;

/** The cost of one field of an operation: `weight + read + size × the children`. */
export interface CostNode {
  /** The name of the field in the response. */
  readonly key: string;
  /** The cost for each parent. */
  readonly weight: number;
  /** The rows that are read for each parent. */
  readonly read: Size;
  /** The number of times that the children are read for each parent. */
  readonly size: Size;
  /** The children for each possible type, of which the most expensive counts. */
  readonly children: readonly (readonly CostNode[])[];
  /** The cost of the field where no variable changes it, else null. */
  readonly total: number | null;
}

/** Computes the total of a node that depends on no variable. */
export function fixed(node: Omit<CostNode, 'total'>): CostNode {
  const isOpen =
    typeof node.read !== 'number' ||
    typeof node.size !== 'number' ||
    node.children.some((children) => children.some(({ total }) => total === null));
  const open = { ...node, total: null };
  return isOpen ? open : { ...node, total: costOf(open, {}) };
}

/** Counts the nodes at all levels. */
export function countNodes(nodes: readonly CostNode[]): number {
  let count = nodes.length;
  for (const { children } of nodes) for (const each of children) count += countNodes(each);
  return count;
}

/** Returns an upper bound of the cost of fields. */
export function requestedCost(nodes: readonly CostNode[], variables: Variables): number {
  let total = 0;
  for (const node of nodes) total += node.total ?? costOf(node, variables);
  return total;
}

/** Returns the cost of fields by the data of the response. */
export function actualCost(nodes: readonly CostNode[], answer: unknown, variables: Variables): number {
  let total = 0;
  for (const node of nodes) total += actualOf(node, propertyOf(answer, node.key), variables);
  return total;
}

function costOf({ weight, read, size, children }: CostNode, variables: Variables): number {
  const inner = Math.max(0, ...children.map((nodes) => requestedCost(nodes, variables)));
  return weight + numberOf(read, variables) + numberOf(size, variables) * inner;
}

function numberOf(size: Size, variables: Variables): number {
  if (typeof size === 'number') return size;
  const value = variables[size.variable];
  if (Array.isArray(value)) return value.length;
  if (value === null) return pageSizeDefault;
  // A negative size is refused when the page is read; here it must not make the rest cheaper.
  return typeof value === 'number' ? Math.max(0, value) : size.absent;
}

function actualOf(node: CostNode, value: unknown, variables: Variables): number {
  if (value === null || value === undefined) return node.weight;
  if (Array.isArray(value)) {
    const items = value.map((item) => innerCost(node, item, variables));
    const rows = node.read === 0 ? 0 : value.length;
    return node.weight + rows + items.reduce((total, item) => total + item, 0);
  }
  return node.weight + rowsOf(node, value, variables) + innerCost(node, value, variables);
}

function innerCost({ children }: CostNode, value: unknown, variables: Variables): number {
  if (value === null) return 0;
  return Math.max(0, ...children.map((nodes) => actualCost(nodes, value, variables)));
}

/** Returns the rows of a page; the requested rows for a page that shows no rows. */
function rowsOf(node: CostNode, page: unknown, variables: Variables): number {
  if (node.read === 0) return 0;
  const lengths = node.children.flatMap((nodes) =>
    nodes.flatMap(({ key }) => {
      const rows = propertyOf(page, key);
      return Array.isArray(rows) ? [rows.length] : [];
    }),
  );
  return lengths.length === 0 ? numberOf(node.read, variables) : Math.max(...lengths);
}

function propertyOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
