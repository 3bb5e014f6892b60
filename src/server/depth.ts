import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { Refusal } from '../platform/errors.ts';

/** The most fields that stand inside each other. Lists multiply with every level, so that a small document can ask for all. */
const depthMax = 12;

/**
 * Introspection is not counted: it is deep by nature, and bounded by the schema.
 * @throws Refusal with QUERY_TOO_COMPLEX
 */
export function refuseTooDeep(document: DocumentNode, operation: OperationDefinitionNode): void {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  const depth = depthOf(operation.selectionSet, fragments, new Map());
  if (depth <= depthMax) return;
  throw new Refusal('QUERY_TOO_COMPLEX', `This operation is ${depth} fields deep; ${depthMax} are allowed.`);
}

/** The document is valid, so that no fragment contains itself; each is measured once, however often it is spread. */
function depthOf(
  selectionSet: SelectionSetNode | undefined,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  measured: Map<string, number>,
): number {
  let deepest = 0;
  for (const selection of selectionSet?.selections ?? []) {
    if (selection.kind === Kind.FIELD) {
      if (selection.name.value.startsWith('__')) continue;
      deepest = Math.max(deepest, 1 + depthOf(selection.selectionSet, fragments, measured));
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      deepest = Math.max(deepest, depthOf(selection.selectionSet, fragments, measured));
    } else {
      const { value: name } = selection.name;
      const depth = measured.get(name) ?? depthOf(fragments.get(name)?.selectionSet, fragments, measured);
      measured.set(name, depth);
      deepest = Math.max(deepest, depth);
    }
  }
  return deepest;
}
