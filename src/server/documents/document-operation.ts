import {
  Kind,
  typeFromAST,
  type GraphQLSchema,
  type GraphQLType,
  type OperationDefinitionNode,
} from 'graphql';
import { conditionNamesIn } from '../../execution/plan/condition-names.ts';
import { compileCost } from '../limits/compile-cost.ts';
import { countNodes, type CostNode, type Variables } from '../limits/cost.ts';
import { longestListIn } from '../limits/longest-list.ts';
import type { Document } from './document.ts';

/**
 * The cost trees of one operation that are kept, by the values of its conditions; a client with more waits
 * for each.
 */
const treesMax = 16;

/** One operation of a document, and the costs that follow from the document's form. */
export class DocumentOperation {
  readonly kind: OperationDefinitionNode['operation'];
  readonly name: string | null;
  readonly #schema: GraphQLSchema;
  readonly #document: Document;
  readonly #index: number;
  readonly #conditionNames: readonly string[];
  readonly #types: readonly (readonly [string, GraphQLType | undefined])[];
  readonly #trees = new Map<string, readonly CostNode[]>();

  /** `index` is the definition's place in the document. */
  constructor(schema: GraphQLSchema, document: Document, index: number) {
    this.#schema = schema;
    this.#document = document;
    this.#index = index;
    const { name, operation, variableDefinitions = [] } = this.#definition();
    this.kind = operation;
    this.name = name?.value ?? null;
    this.#conditionNames = conditionNamesIn(document.ast);
    this.#types = variableDefinitions.map(({ variable, type }) => [
      variable.name.value,
      typeFromAST(schema, type),
    ]);
  }

  /** The number of entries of the longest list among the variables. */
  longestList(variables: Variables): number {
    let longest = 0;
    for (const [name, type] of this.#types) longest = Math.max(longest, longestListIn(variables[name], type));
    return longest;
  }

  /** The costs of the fields that these variables include. */
  costTree(variables: Variables): readonly CostNode[] {
    const key = this.#conditionNames.map((name) => this.#holds(name, variables)).join();
    const known = this.#trees.get(key);
    if (known !== undefined) return known;
    const conditions = new Map(this.#conditionNames.map((name) => [name, this.#holds(name, variables)]));
    const tree = compileCost(this.#schema, this.#document.ast, this.#definition(), conditions);
    if (this.#trees.size < treesMax) {
      this.#trees.set(key, tree);
      this.#document.addCostNodes(countNodes(tree));
    }
    return tree;
  }

  #holds(name: string, variables: Variables): boolean {
    return (variables[name] ?? this.#defaultOf(name)) === true;
  }

  #defaultOf(name: string): boolean {
    const definition = this.#definition().variableDefinitions?.find(
      ({ variable }) => variable.name.value === name,
    );
    return definition?.defaultValue?.kind === Kind.BOOLEAN && definition.defaultValue.value;
  }

  #definition(): OperationDefinitionNode {
    const definition = this.#document.ast.definitions[this.#index];
    if (definition?.kind === Kind.OPERATION_DEFINITION) return definition;
    throw new Error('The document has no operation at this place.');
  }
}
