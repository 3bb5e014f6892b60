import { hash } from 'node:crypto';
import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  Kind,
  typeFromAST,
  type DocumentNode,
  type GraphQLField,
  type GraphQLSchema,
  type GraphQLType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Executor } from '../../execution/level-executor.ts';
import { conditionNamesIn } from '../../execution/plan/condition-names.ts';
import type { DocumentPlans } from '../../execution/plan/document-plans.ts';
import { compileCost } from '../limits/compile-cost.ts';
import { countNodes, requestedCost, type CostNode, type Variables } from '../limits/cost.ts';

/**
 * Bytes of heap for each part, measured after a forced collection;
 * test/server/documents/document.test.ts checks their sum.
 */
const documentBytes = 4500;
const tokenBytes = 260;
const costNodeBytes = 250;
const planFieldBytes = 1560;

/** Bytes of heap that the documents hold together, by their own estimate. */
const cacheBytesMax = 32 * 1024 * 1024;
/** The maximum bytes of one document, which must not take the room of many others. */
const entryBytesMax = cacheBytesMax / 8;
/** The maximum number of remembered hashes of unauthenticated clients' documents, about 200 bytes each. */
const sightingsMax = 10_000;

/** The maximum number of cost trees that an operation keeps, by the values of its conditions. */
const treesMax = 16;

/** A document text with its syntax tree, operations, plans, and an estimate of their memory. */
export class Document {
  readonly text: string;
  /** True for a document that a cache may keep when the document is first seen. */
  readonly isFamiliar: boolean;
  ast: DocumentNode;
  /** True once Apollo Server has validated the document. */
  isValid = false;
  /** Undefined before the document is valid, and without an executor. */
  plans: DocumentPlans | undefined;
  /** An estimate of the heap that the document holds. */
  bytes: number;
  #onGrowth: (() => void) | null = null;
  /** The operation of a document with a single one. */
  readonly #only: DocumentOperation | undefined;
  readonly #byName: ReadonlyMap<string | null, DocumentOperation>;

  constructor(schema: GraphQLSchema, source: { text: string; ast: DocumentNode; isFamiliar: boolean }) {
    const { text, ast, isFamiliar } = source;
    this.text = text;
    this.isFamiliar = isFamiliar;
    this.ast = ast;
    this.bytes = documentBytes + 2 * text.length + tokenBytes * (ast.tokenCount ?? text.length);
    const operations = ast.definitions.flatMap(({ kind }, index) =>
      kind === Kind.OPERATION_DEFINITION ? [new DocumentOperation(schema, this, index)] : [],
    );
    this.#only = operations.length === 1 ? operations[0] : undefined;
    this.#byName = new Map(operations.map((operation) => [operation.name, operation]));
  }

  /** Returns the operation that GraphQL would run; undefined if that is not clear. */
  operation(name: string | undefined): DocumentOperation | undefined {
    return name === undefined ? this.#only : this.#byName.get(name);
  }

  /** Replaces the syntax tree by the validated tree, which has locations. */
  accept(ast: DocumentNode, executor: Executor | null): void {
    this.ast = ast;
    this.isValid = true;
    this.plans = executor?.plan(ast, (fieldCount) => this.#grow(planFieldBytes * fieldCount));
  }

  /** Accounts for a cost tree that was compiled. */
  addCostNodes(count: number): void {
    this.#grow(costNodeBytes * count);
  }

  /** Calls the listener whenever the document has grown. */
  onGrowth(listener: () => void): void {
    this.#onGrowth = listener;
  }

  #grow(bytes: number): void {
    this.bytes += bytes;
    this.#onGrowth?.();
  }
}

/** The costs of the fields of an operation. */
export interface CostTree {
  readonly nodes: readonly CostNode[];
  /** The cost of the operation where no variable changes the cost, else null. */
  readonly total: number | null;
}

/** An operation of a document, with the costs that follow from the document's form. */
export class DocumentOperation {
  readonly kind: OperationDefinitionNode['operation'];
  readonly name: string | null;
  /** The variables whose values may contain lists, with their types. */
  readonly listVariables: readonly (readonly [string, GraphQLType])[];
  /** True for an operation whose fields all ignore the credential of their request. */
  readonly ignoresCredential: boolean;
  /** True for a query whose answer to anonymous callers is the same for all of them. */
  readonly isPublic: boolean;
  readonly #schema: GraphQLSchema;
  readonly #document: Document;
  readonly #index: number;
  readonly #conditionNames: readonly string[];
  readonly #trees = new Map<string, CostTree>();

  /** `index` is the definition's place in the document. */
  constructor(schema: GraphQLSchema, document: Document, index: number) {
    this.#schema = schema;
    this.#document = document;
    this.#index = index;
    const { name, operation, selectionSet, variableDefinitions = [] } = this.#definition();
    this.kind = operation;
    this.name = name?.value ?? null;
    const hasOnly = (mark: string) => areMarked(mark, selectionSet, rootFields(schema, operation));
    this.ignoresCredential = operation === 'mutation' && hasOnly('ignoresCredential');
    this.isPublic = operation === 'query' && hasOnly('isPublic');
    this.#conditionNames = conditionNamesIn(document.ast);
    this.listVariables = variableDefinitions.flatMap(({ variable, type: node }) => {
      const type = typeFromAST(schema, node);
      return type !== undefined && mayContainList(type) ? [[variable.name.value, type] as const] : [];
    });
  }

  /** Returns the costs of the fields that these variables include. */
  costTree(variables: Variables): CostTree {
    const key = this.#conditionNames.map((name) => this.#holds(name, variables)).join();
    const known = this.#trees.get(key);
    if (known !== undefined) return known;
    const conditions = new Map(this.#conditionNames.map((name) => [name, this.#holds(name, variables)]));
    const nodes = compileCost(this.#schema, this.#document.ast, this.#definition(), conditions);
    const isFixed = nodes.every(({ total }) => total !== null);
    const tree = { nodes, total: isFixed ? requestedCost(nodes, {}) : null };
    if (this.#trees.size < treesMax) {
      this.#trees.set(key, tree);
      this.#document.addCostNodes(countNodes(nodes));
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

function mayContainList(type: GraphQLType): boolean {
  return isListType(getNullableType(type)) || isInputObjectType(getNamedType(type));
}

function rootFields(schema: GraphQLSchema, operation: OperationDefinitionNode['operation']): RootFields {
  return schema.getRootType(operation)?.getFields() ?? {};
}

type RootFields = Readonly<Record<string, GraphQLField<unknown, unknown>>>;

function areMarked(mark: string, { selections }: SelectionSetNode, fields: RootFields): boolean {
  return selections.every(
    (selection) => selection.kind === Kind.FIELD && fields[selection.name.value]?.extensions[mark] === true,
  );
}

/**
 * The valid documents that were requested last, each with its plans and costs. A document of an
 * unauthenticated client is kept from its second request on, so that documents made up for one request do not
 * fill the cache.
 */
export class DocumentCache {
  readonly #documents: LRUCache<string, Document>;
  readonly #sightings = new LRUCache<string, true>({ max: sightingsMax });

  /** `bytes` bounds the documents together. */
  constructor(bytes = cacheBytesMax) {
    this.#documents = new LRUCache({ maxSize: bytes, maxEntrySize: Math.min(entryBytesMax, bytes) });
  }

  /** Bytes of heap that the documents hold, by their own estimate. */
  get bytes(): number {
    return this.#documents.calculatedSize;
  }

  get(text: string): Document | undefined {
    return this.#documents.get(text);
  }

  /** Keeps a valid document, unless an unauthenticated client sends the document for the first time. */
  keep(document: Document): void {
    if (!document.isFamiliar && this.#isFirstSight(document)) return;
    this.#store(document);
    document.onGrowth(() => {
      if (this.#documents.peek(document.text) === document) this.#store(document);
    });
  }

  #store(document: Document): void {
    // Setting the same value again would not update its size.
    this.#documents.delete(document.text);
    this.#documents.set(document.text, document, { size: document.bytes });
  }

  #isFirstSight({ text }: Document): boolean {
    const digest = hash('sha256', text, 'base64');
    if (this.#sightings.has(digest)) return false;
    this.#sightings.set(digest, true);
    return true;
  }
}
