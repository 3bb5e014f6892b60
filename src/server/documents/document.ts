import { Kind, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { DocumentPlans } from '../../execution/plan/document-plans.ts';
import type { Executor } from '../../execution/level-executor.ts';
import { DocumentOperation } from './document-operation.ts';

/**
 * Bytes of heap for each, as measured after a forced collection; test/server/documents/document-cache.test.ts
 * checks their sum.
 */
const documentBytes = 4500;
const tokenBytes = 260;
const costNodeBytes = 250;
const planFieldBytes = 1560;

/**
 * Everything known of one document text: syntax tree, operations with their costs, plans, and what these take
 * in memory.
 */
export class Document {
  readonly text: string;
  /** Whether a cache may keep the document when the document is first seen. */
  readonly isFamiliar: boolean;
  #ast: DocumentNode;
  #plans: DocumentPlans | undefined;
  #isValid = false;
  #bytes: number;
  #onGrowth: (() => void) | null = null;
  readonly #operations: readonly DocumentOperation[];

  constructor(schema: GraphQLSchema, source: { text: string; ast: DocumentNode; isFamiliar: boolean }) {
    const { text, ast, isFamiliar } = source;
    this.text = text;
    this.isFamiliar = isFamiliar;
    this.#ast = ast;
    this.#bytes = documentBytes + 2 * text.length + tokenBytes * (ast.tokenCount ?? text.length);
    this.#operations = ast.definitions.flatMap(({ kind }, index) =>
      kind === Kind.OPERATION_DEFINITION ? [new DocumentOperation(schema, this, index)] : [],
    );
  }

  get ast(): DocumentNode {
    return this.#ast;
  }

  /** Whether Apollo Server has validated the document. */
  get isValid(): boolean {
    return this.#isValid;
  }

  /** Undefined before the document is valid, and without an executor. */
  get plans(): DocumentPlans | undefined {
    return this.#plans;
  }

  /** An estimate of the heap that the document holds. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The operation that GraphQL would run; undefined where that is not clear. */
  operation(name: string | undefined): DocumentOperation | undefined {
    if (name !== undefined) return this.#operations.find((operation) => operation.name === name);
    return this.#operations.length === 1 ? this.#operations[0] : undefined;
  }

  /** Takes over the syntax tree that was validated, which has locations, in place of its own. */
  accept(ast: DocumentNode, executor: Executor | null): void {
    this.#ast = ast;
    this.#isValid = true;
    this.#plans = executor?.plan(ast, (fieldCount) => this.#grow(planFieldBytes * fieldCount));
  }

  /** Accounts for a cost tree that was compiled. */
  addCostNodes(count: number): void {
    this.#grow(costNodeBytes * count);
  }

  /** Calls back whenever the document has come to hold more. */
  onGrowth(listener: () => void): void {
    this.#onGrowth = listener;
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    this.#onGrowth?.();
  }
}
