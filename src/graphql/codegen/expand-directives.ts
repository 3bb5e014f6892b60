import {
  concatAST,
  Kind,
  parse,
  visit,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type ObjectTypeDefinitionNode,
} from 'graphql';

/**
 * Replaces the directives `@connection` and `@payload`, and their definitions in schema.graphql, by the
 * arguments, fields and types that they generate. Drops `@row`, which only code generation needs.
 * @throws Error for `@connection` on a field that is declared neither as `[Node!]!` nor as `[Node!]`
 */
export function expandDirectives(document: DocumentNode): DocumentNode {
  const nodeTypes = new Set<string>();
  const expanded = visit(document, {
    DirectiveDefinition: ({ name }) => (expandedDirectives.includes(name.value) ? null : undefined),
    Directive: ({ name }) => (name.value === 'row' ? null : undefined),
    ObjectTypeDefinition: { leave: (type) => (isMarked(type, 'payload') ? toPayload(type) : undefined) },
    FieldDefinition: {
      leave(field) {
        if (!isMarked(field, 'connection')) return undefined;
        const nodeType = nodeTypeOf(field);
        nodeTypes.add(nodeType);
        return toConnectionField(field, nodeType);
      },
    },
  });
  return concatAST([expanded, ...[...nodeTypes].map(connectionTypesOf)]);
}

const expandedDirectives: readonly string[] = ['connection', 'payload', 'row'];

function toPayload(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
  const mutation = type.name.value.replace(/Payload$/, '').replace(/^./, (first) => first.toLowerCase());
  return {
    ...type,
    description: type.description ?? { kind: Kind.STRING, value: `Payload of ${mutation}.` },
    fields: [...(type.fields ?? []), userErrors],
    directives: without(type.directives, 'payload'),
  };
}

function toConnectionField(field: FieldDefinitionNode, nodeType: string): FieldDefinitionNode {
  const connection = {
    kind: Kind.NAMED_TYPE,
    name: { kind: Kind.NAME, value: `${nodeType}Connection` },
  } as const;
  return {
    ...field,
    arguments: [...(field.arguments ?? []), ...(pagedField.arguments ?? [])],
    type:
      field.type.kind === Kind.NON_NULL_TYPE ? { kind: Kind.NON_NULL_TYPE, type: connection } : connection,
    directives: without(field.directives, 'connection'),
  };
}

const userErrors = fieldFrom(`
  "The reasons why the mutation was rejected; empty on success."
  userErrors: [UserError!]!
`);

/** Only the arguments count: GraphQL cannot parse them without a field. */
const pagedField = fieldFrom(`
  paged(
    "Returns the first n items of the list, or the first n after the cursor \`after\`; 0 to 200."
    first: Int
    "Returns only items after this cursor."
    after: String
    "Returns the last n items of the list, or the last n before the cursor \`before\`; 0 to 200."
    last: Int
    "Returns only items before this cursor."
    before: String
  ): Int
`);

function connectionTypesOf(nodeType: string): DocumentNode {
  return parse(`
    "A page of a list of ${nodeType} objects."
    type ${nodeType}Connection {
      "The page's items with their cursors."
      edges: [${nodeType}Edge!]!
      "The page's items."
      nodes: [${nodeType}!]!
      "Position of the page in the list."
      pageInfo: PageInfo!
      "Number of items in the whole list; counted only if selected."
      totalCount: Int!
    }

    "An item of a ${nodeType}Connection with its cursor."
    type ${nodeType}Edge {
      "Cursor of the item; remains valid after the item is deleted."
      cursor: String!
      "The item."
      node: ${nodeType}!
    }
  `);
}

/** The name of the nodes' type in a field that is declared as `[Node!]!` or `[Node!]`. */
function nodeTypeOf({ name, type }: FieldDefinitionNode): string {
  const list = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
  const item = list.kind === Kind.LIST_TYPE ? list.type : list;
  const node = item.kind === Kind.NON_NULL_TYPE ? item.type : item;
  if (item === list || node === item || node.kind !== Kind.NAMED_TYPE) {
    throw new Error(
      `The field ${name.value} has @connection, so its type must have the form [Node!]! or [Node!].`,
    );
  }
  return node.name.value;
}

function isMarked(
  { directives = [] }: { readonly directives?: readonly ConstDirectiveNode[] | undefined },
  name: string,
): boolean {
  return directives.some((directive) => directive.name.value === name);
}

function without(
  directives: readonly ConstDirectiveNode[] | undefined,
  name: string,
): readonly ConstDirectiveNode[] {
  return directives?.filter((directive) => directive.name.value !== name) ?? [];
}

function fieldFrom(text: string): FieldDefinitionNode {
  const [type] = parse(`type Type { ${text} }`).definitions;
  const [field] = type?.kind === Kind.OBJECT_TYPE_DEFINITION ? (type.fields ?? []) : [];
  if (field === undefined) throw new Error(`This is no field: ${text}`);
  return field;
}
