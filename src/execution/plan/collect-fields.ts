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

/** What decides which fields of a document are asked for. */
export interface Selecting {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** What `@skip` and `@include` say of it. */
  readonly isIncluded: (selection: SelectionNode) => boolean;
}

/**
 * The fields that an object of this type is asked for, by the name that they are answered under, as
 * CollectFields of the GraphQL specification (section 6.3.2) does it.
 */
export function collectFields(
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
  selecting: Selecting,
): Map<string, FieldNodes> {
  const fields = new Map<string, [FieldNode, ...FieldNode[]]>();
  const spread = new Set<string>();

  function add(selection: SelectionNode): void {
    if (selection.kind === Kind.FRAGMENT_SPREAD && spread.has(selection.name.value)) return;
    if (!selecting.isIncluded(selection)) return;
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value;
      const nodes = fields.get(key);
      if (nodes === undefined) fields.set(key, [selection]);
      else nodes.push(selection);
      return;
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentOf(selection.name.value);
    if (fragment === undefined || !applies(fragment.typeCondition, type, selecting.schema)) return;
    for (const inner of fragment.selectionSet.selections) add(inner);
  }

  function fragmentOf(name: string): FragmentDefinitionNode | undefined {
    spread.add(name);
    return selecting.fragments.get(name);
  }

  for (const { selections } of selectionSets) for (const selection of selections) add(selection);
  return fields;
}

/**
 * `isIncluded` for a document that is valid, and variables that are coerced.
 * @throws GraphQLError for a condition that is none
 */
export function includedBy(variables: Readonly<Record<string, unknown>>): Selecting['isIncluded'] {
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
