/** The rows of a page for which no size is asked; the same as the API gives. */
export const pageSizeDefault = 50;

/**
 * How many there will be: known, or a variable's value, which for a list is its length; `absent` where it is
 * not given.
 */
export type Size = number | { readonly variable: string; readonly absent: number };

/** The variables of a request, as they came. */
export type Variables = Readonly<Record<string, unknown>>;

/** What one field of an operation costs: `weight + read + size × the children`. */
export interface CostNode {
  /** The name that it is answered under. */
  readonly key: string;
  /** What each parent costs. */
  readonly weight: number;
  /** The rows that are read for each parent. */
  readonly read: Size;
  /** How often the children are asked for each parent. */
  readonly size: Size;
  /** One set for each type that it may be; the dearest counts. */
  readonly children: readonly (readonly CostNode[])[];
  /** Its cost where no variable changes it, else null. */
  readonly total: number | null;
}

/** Adds the total up once, where it hangs on no variable. */
export function fixed(node: Omit<CostNode, 'total'>): CostNode {
  const isOpen =
    typeof node.read !== 'number' ||
    typeof node.size !== 'number' ||
    node.children.some((children) => children.some(({ total }) => total === null));
  const open = { ...node, total: null };
  return isOpen ? open : { ...node, total: costOf(open, {}) };
}

/** The nodes at all levels. */
export function countNodes(nodes: readonly CostNode[]): number {
  let count = nodes.length;
  for (const { children } of nodes) for (const each of children) count += countNodes(each);
  return count;
}

/** What these fields will cost at the most. */
export function requestedCost(nodes: readonly CostNode[], variables: Variables): number {
  let total = 0;
  for (const node of nodes) total += node.total ?? costOf(node, variables);
  return total;
}

/** What these fields did cost, by what was answered. */
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

/** The rows of a page; where it shows none of them, those that were asked for. */
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
