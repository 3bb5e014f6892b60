import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { Refusal } from '../platform/errors.ts';

/** The most rows that the pages of one operation may ask for together: 200 lists of 200, and some. */
const rowsMax = 50_000;
/** What a connection gives when no size is asked for. */
const sizeDefault = 50;

type Variables = Readonly<Record<string, unknown>>;

/**
 * Pages inside pages multiply, and no depth bounds a product. Counted before anything runs, by what is asked for.
 * @throws Refusal with QUERY_TOO_COMPLEX
 */
export function refuseTooManyRows(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): void {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  const rows = rowsOf(operation.selectionSet, { fragments, variables, counted: new Map() });
  if (rows <= rowsMax) return;
  throw new Refusal(
    'QUERY_TOO_COMPLEX',
    `This operation asks for up to ${rows} rows; ${rowsMax} are allowed.`,
  );
}

interface Counting {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
  /** Each fragment is counted once, however often it is spread. */
  readonly counted: Map<string, number>;
}

function rowsOf(selectionSet: SelectionSetNode | undefined, counting: Counting): number {
  let rows = 0;
  for (const selection of selectionSet?.selections ?? []) {
    if (selection.kind === Kind.FIELD) {
      const size = sizeOf(selection, counting.variables);
      const inner = rowsOf(selection.selectionSet, counting);
      rows += size === null ? inner : size * (1 + inner);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      rows += rowsOf(selection.selectionSet, counting);
    } else {
      const { value: name } = selection.name;
      const inner =
        counting.counted.get(name) ?? rowsOf(counting.fragments.get(name)?.selectionSet, counting);
      counting.counted.set(name, inner);
      rows += inner;
    }
  }
  return rows;
}

/** How many rows a connection's page has at the most; null for a field that is no connection. */
function sizeOf(field: FieldNode, variables: Variables): number | null {
  const asked = field.arguments?.find(({ name }) => name.value === 'first' || name.value === 'last')?.value;
  if (asked === undefined) return hasRows(field) ? sizeDefault : null;
  const size =
    asked.kind === Kind.VARIABLE ? variables[asked.name.value] : Number('value' in asked && asked.value);
  return typeof size === 'number' && size >= 0 ? size : sizeDefault;
}

function hasRows(field: FieldNode): boolean {
  return (field.selectionSet?.selections ?? []).some(
    (selection) => selection.kind === Kind.FIELD && ['nodes', 'edges'].includes(selection.name.value),
  );
}
