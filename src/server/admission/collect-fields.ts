import {
  isAbstractType,
  Kind,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type NamedTypeNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** The fragments of a document, by name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** What the variables that `@skip` and `@include` ask for are. */
export type Conditions = ReadonlyMap<string, boolean>;

interface Collecting {
  readonly schema: GraphQLSchema;
  readonly fragments: Fragments;
  readonly conditions: Conditions;
}

/**
 * The fields that an object of this type is asked for, by the name that they are answered under: what several fragments
 * ask for under one name is run once (GraphQL specification, section 6.3.2).
 */
export function collectFields(
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
  collecting: Collecting,
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const spread = new Set<string>();

  function add(selection: SelectionNode): void {
    if (!isIncluded(selection.directives ?? [], collecting.conditions)) return;
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value;
      const nodes = fields.get(key);
      if (nodes === undefined) fields.set(key, [selection]);
      else nodes.push(selection);
      return;
    }
    const fragment = fragmentOf(selection);
    if (fragment === undefined || !applies(fragment.typeCondition, type, collecting.schema)) return;
    for (const inner of fragment.selectionSet.selections) add(inner);
  }

  function fragmentOf(selection: Exclude<SelectionNode, FieldNode>) {
    if (selection.kind === Kind.INLINE_FRAGMENT) return selection;
    if (spread.has(selection.name.value)) return undefined;
    spread.add(selection.name.value);
    return collecting.fragments.get(selection.name.value);
  }

  for (const { selections } of selectionSets) for (const selection of selections) add(selection);
  return fields;
}

function isIncluded(directives: readonly DirectiveNode[], conditions: Conditions): boolean {
  return directives.every(({ name, arguments: [argument] = [] }) => {
    if (name.value !== 'skip' && name.value !== 'include') return true;
    const value = argument?.value;
    const condition =
      value?.kind === Kind.VARIABLE
        ? conditions.get(value.name.value)
        : value?.kind === Kind.BOOLEAN
          ? value.value
          : undefined;
    // What is no condition at all the validation refuses.
    return condition === undefined || condition === (name.value === 'include');
  });
}

function applies(
  condition: NamedTypeNode | undefined,
  type: GraphQLObjectType,
  schema: GraphQLSchema,
): boolean {
  if (condition === undefined || condition.name.value === type.name) return true;
  const named = schema.getType(condition.name.value);
  return named !== undefined && isAbstractType(named) && schema.isSubType(named, type);
}
