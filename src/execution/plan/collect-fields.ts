import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  Kind,
  typeFromAST,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type NamedTypeNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { FieldNodes } from './plan.ts';

/** The schema, fragments and conditions that decide which fields of a document are selected. */
export interface FieldCollection {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Evaluates `@skip` and `@include`. */
  readonly isIncluded: (selection: SelectionNode) => boolean;
}

/**
 * Returns the fields selected of an object of this type, by response key: CollectFields of the GraphQL
 * specification, 6.3.2.
 */
export function collectFields(
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
  collection: FieldCollection,
): Map<string, FieldNodes> {
  const fields = new Map<string, [FieldNode, ...FieldNode[]]>();
  const spread = new Set<string>();

  function add(selection: SelectionNode): void {
    if (selection.kind === Kind.FRAGMENT_SPREAD && spread.has(selection.name.value)) return;
    if (!collection.isIncluded(selection)) return;
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value;
      const nodes = fields.get(key);
      if (nodes === undefined) fields.set(key, [selection]);
      else nodes.push(selection);
      return;
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentOf(selection.name.value);
    if (fragment === undefined || !applies(fragment.typeCondition, type, collection.schema)) return;
    for (const inner of fragment.selectionSet.selections) add(inner);
  }

  function fragmentOf(name: string): FragmentDefinitionNode | undefined {
    spread.add(name);
    return collection.fragments.get(name);
  }

  for (const { selections } of selectionSets) for (const selection of selections) add(selection);
  return fields;
}

/**
 * Returns `isIncluded` for a valid document and coerced variables.
 * @throws GraphQLError for a condition that is not a boolean
 */
export function includedBy(variables: Readonly<Record<string, unknown>>): FieldCollection['isIncluded'] {
  return (selection) => {
    if (selection.directives === undefined || selection.directives.length === 0) return true;
    if (getDirectiveValues(GraphQLSkipDirective, selection, variables)?.['if'] === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.['if'] !== false;
  };
}

function applies(
  condition: NamedTypeNode | undefined,
  type: GraphQLObjectType,
  schema: GraphQLSchema,
): boolean {
  if (condition === undefined) return true;
  const named = typeFromAST(schema, condition);
  return named === type || (isAbstractType(named) && schema.isSubType(named, type));
}
