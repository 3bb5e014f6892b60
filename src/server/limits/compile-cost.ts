import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isListType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { z } from 'zod';
import { collectFields, type FieldCollection } from '../../execution/plan/collect-fields.ts';
import { fixed, pageSizeDefault, type CostNode, type Size } from './cost.ts';
import { includedUnder, type Conditions } from './inclusion.ts';

/** The cost of a field beyond its type, `field.extensions.cost` of the schema. */
const fieldCostSchema = z
  .object({
    weight: z.number().optional(),
    size: z.number().optional(),
    totalCount: z.number().optional(),
  })
  .default({});

/** The weight of a mutation, which writes and takes locks. */
const mutationWeight = 10;
/** The weight of a free field that a selection repeats under another name: each copy is written. */
const repetitionWeight = 1;
/** The size of a list of unknown length. */
const listSizeDefault = 10;

/** The connection that fields may belong to. */
interface Page {
  readonly size: Size;
  /** The weight of `totalCount`; undefined for the default. */
  readonly totalCount: number | undefined;
}

interface Compiling extends FieldCollection {
  /** The default values of the operation's variables. */
  readonly defaults: ReadonlyMap<string, number>;
}

/**
 * Compiles the cost of an operation to a tree in which only sizes that depend on variables are open. The
 * document's form was limited before, which bounds the tree; the document may be invalid, and unknown fields
 * cost nothing.
 */
export function compileCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  conditions: Conditions,
): readonly CostNode[] {
  const root = schema.getRootType(operation.operation);
  if (root === null || root === undefined) return [];
  const fragments: FieldCollection['fragments'] = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  const defaults = defaultsOf(operation);
  const isIncluded = includedUnder(conditions);
  return nodesOf(root, [operation.selectionSet], { schema, fragments, isIncluded, defaults }, null);
}

function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Map<string, number> {
  return new Map(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  );
}

/** Compiles the fields of an object, which may be the `page` of a connection. */
function nodesOf(
  type: GraphQLObjectType,
  selectionSets: readonly SelectionSetNode[],
  compiling: Compiling,
  page: Page | null,
): CostNode[] {
  const fields = collectFields(type, selectionSets, compiling);
  const names = new Set<string>();
  return [...fields].flatMap(([key, nodes]) => {
    const [first] = nodes;
    const field = type.getFields()[first.name.value];
    if (field === undefined) return [];
    const isRepeated = names.has(field.name);
    names.add(field.name);
    const node = nodeOf(key, { type, field, first, nodes, isRepeated }, compiling, page);
    // Most fields are free; only lists matter even so, because a page is as long as what it shows.
    return node.total === 0 && !isListType(getNullableType(field.type)) ? [] : [node];
  });
}

interface Selected {
  readonly type: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
  readonly first: FieldNode;
  /** All selections of this field under the same name. */
  readonly nodes: readonly FieldNode[];
  /** True if the selection has the field under another name too. */
  readonly isRepeated: boolean;
}

function nodeOf(key: string, selected: Selected, compiling: Compiling, page: Page | null): CostNode {
  const { field, first } = selected;
  const isList = isListType(getNullableType(field.type));
  const weight = weightOf(selected, compiling.schema, page);
  if (isConnection(field)) {
    const size = pageSizeOf(first, compiling);
    const children = childrenOf(selected, compiling, { size, totalCount: costOf(field).totalCount });
    return fixed({ key, weight, read: size, size: 1, children });
  }
  const size = isList ? (page?.size ?? listSizeOf(first, field)) : 1;
  const read = isList && weight > 0 ? size : 0;
  return fixed({ key, weight, read, size, children: childrenOf(selected, compiling, null) });
}

/** Returns 0 for a field that is read once from a row already loaded. */
function weightOf({ type, field, isRepeated }: Selected, schema: GraphQLSchema, page: Page | null): number {
  const weight = field.name === 'totalCount' ? page?.totalCount : costOf(field).weight;
  if (weight !== undefined) return weight;
  if (type === schema.getMutationType()) return mutationWeight;
  if (type === schema.getQueryType() || field.extensions['batched'] !== undefined) return 1;
  return isRepeated && !isCompositeType(getNamedType(field.type)) ? repetitionWeight : 0;
}

function costOf({ extensions }: GraphQLField<unknown, unknown>): z.output<typeof fieldCostSchema> {
  return fieldCostSchema.parse(extensions['cost']);
}

function isConnection(field: GraphQLField<unknown, unknown>): boolean {
  const type = getNamedType(field.type);
  return isObjectType(type) && type.getFields()['edges'] !== undefined;
}

/**
 * Compiles the children for each possible type, because the type of an interface is known only once it is
 * read.
 */
function childrenOf({ field, nodes }: Selected, compiling: Compiling, page: Page | null): CostNode[][] {
  const type = getNamedType(field.type);
  if (!isCompositeType(type)) return [];
  const types = isAbstractType(type) ? compiling.schema.getPossibleTypes(type) : [type];
  const selectionSets = nodes.flatMap(({ selectionSet }) =>
    selectionSet === undefined ? [] : [selectionSet],
  );
  return types
    .map((possible) => nodesOf(possible, selectionSets, compiling, page))
    .filter((children) => children.length > 0);
}

function pageSizeOf(node: FieldNode, compiling: Compiling): Size {
  const asked = ['first', 'last'].flatMap((name) => argumentOf(node, name) ?? []);
  // The API rejects both together.
  const [value] = asked.length === 1 ? asked : [];
  if (value?.kind === Kind.INT) return Number(value.value);
  if (value?.kind !== Kind.VARIABLE) return pageSizeDefault;
  const variable = value.name.value;
  return { variable, absent: compiling.defaults.get(variable) ?? pageSizeDefault };
}

function listSizeOf(node: FieldNode, field: GraphQLField<unknown, unknown>): Size {
  const known = costOf(field).size;
  if (known !== undefined) return known;
  const list = field.args.find(({ type }) => isListType(getNullableType(type)));
  const value = list === undefined ? undefined : argumentOf(node, list.name);
  if (value?.kind === Kind.LIST) return value.values.length;
  if (value?.kind === Kind.VARIABLE) return { variable: value.name.value, absent: listSizeDefault };
  return listSizeDefault;
}

function argumentOf(node: FieldNode, argumentName: string): ValueNode | undefined {
  return node.arguments?.find(({ name }) => name.value === argumentName)?.value;
}
