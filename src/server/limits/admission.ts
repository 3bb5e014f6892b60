import {
  GraphQLError,
  Kind,
  parse,
  typeFromAST,
  visit,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { Refusal } from '../../platform/errors.ts';
import type { Conditions } from './inclusion.ts';
import { compileCost } from './compile-cost.ts';
import { actualCost, requestedCost, type CostNode, type Variables } from './cost.ts';
import { longestListIn } from './longest-list.ts';
import { refuseTooComplex } from './document-shape.ts';
import type { QueryLimits } from './query-limits.ts';

/** An operation that may run, and what it costs. */
export interface Admitted {
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly name: string | null;
  /** What it will cost at the most. */
  readonly cost: number;
  /** What it did cost, by the data that were answered. */
  actualCost(data: unknown): number;
}

/** The operation of a request, as it came. */
interface Asked {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Variables;
}

/** Characters of documents that are remembered: some 10,000 usual ones. */
const rememberedCharactersMax = 10_000_000;
/** The plans of one operation, by what its conditions are; a client that has more of them waits for each. */
const plansMax = 16;

/**
 * Decides whether an operation may run, before anything is validated or read. What can be known of a document is worked out
 * once for each text; for a request there remain the sizes that its variables give.
 */
export class Admission {
  readonly #schema: GraphQLSchema;
  readonly #limits: QueryLimits;
  readonly #documents = new LRUCache<string, AnalysedDocument>({
    maxSize: rememberedCharactersMax,
    sizeCalculation: (_document, text) => text.length + 1,
  });

  constructor(schema: GraphQLSchema, limits: QueryLimits) {
    this.#schema = schema;
    this.#limits = limits;
  }

  /**
   * Null for what is not GraphQL, or names no operation of the document: the one who runs it says what is wrong with it.
   * @throws Refusal with QUERY_TOO_COMPLEX
   */
  admit({ text, operationName, variables }: Asked): Admitted | null {
    const operation = this.#analyse(text)?.find(operationName);
    if (operation === undefined) return null;
    this.#refuseLongLists(operation.listsIn(variables));
    const plan = operation.planFor(variables);
    const cost = requestedCost(plan, variables);
    const { costMax } = this.#limits;
    if (costMax > 0 && cost > costMax) {
      throw new Refusal('QUERY_TOO_COMPLEX', `This operation costs up to ${cost}; ${costMax} are allowed.`);
    }
    return {
      kind: operation.definition.operation,
      name: operation.definition.name?.value ?? null,
      cost,
      actualCost: (data) => actualCost(plan, data, variables),
    };
  }

  #analyse(text: string): AnalysedDocument | null {
    const known = this.#documents.get(text);
    if (known !== undefined) return known;
    const document = this.#parse(text);
    if (document === null) return null;
    refuseTooComplex(document, this.#limits);
    const analysed = new AnalysedDocument(this.#schema, document);
    this.#documents.set(text, analysed);
    return analysed;
  }

  #parse(text: string): DocumentNode | null {
    const { tokensMax } = this.#limits;
    try {
      return parse(text, { noLocation: true, ...(tokensMax > 0 && { maxTokens: tokensMax }) });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      // graphql-js has no other mark for it.
      if (!/ tokens\. Parsing aborted/.test(error.message)) return null;
      throw new Refusal(
        'QUERY_TOO_COMPLEX',
        `This document has more than ${tokensMax} tokens, which are the most allowed.`,
      );
    }
  }

  #refuseLongLists(longest: number): void {
    const { listMax } = this.#limits;
    if (listMax === 0 || longest <= listMax) return;
    throw new Refusal(
      'QUERY_TOO_COMPLEX',
      `A variable has a list of ${longest} entries; ${listMax} are allowed.`,
    );
  }
}

class AnalysedDocument {
  readonly #operations: readonly AnalysedOperation[];

  constructor(schema: GraphQLSchema, document: DocumentNode) {
    this.#operations = document.definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION
        ? [new AnalysedOperation(schema, document, definition)]
        : [],
    );
  }

  /** The operation that GraphQL would run; undefined when that is not clear. */
  find(name: string | undefined): AnalysedOperation | undefined {
    if (name !== undefined) return this.#operations.find(({ definition }) => definition.name?.value === name);
    return this.#operations.length === 1 ? this.#operations[0] : undefined;
  }
}

class AnalysedOperation {
  readonly definition: OperationDefinitionNode;
  readonly #compile: (conditions: Conditions) => readonly CostNode[];
  readonly #conditionNames: readonly string[];
  readonly #plans = new Map<string, readonly CostNode[]>();
  readonly listsIn: (variables: Variables) => number;

  constructor(schema: GraphQLSchema, document: DocumentNode, definition: OperationDefinitionNode) {
    this.definition = definition;
    this.#compile = (conditions) => compileCost(schema, document, definition, conditions);
    this.#conditionNames = conditionNamesIn(document);
    const types = (definition.variableDefinitions ?? []).map(
      ({ variable, type }) => [variable.name.value, typeFromAST(schema, type)] as const,
    );
    this.listsIn = (variables) =>
      types.reduce((longest, [name, type]) => Math.max(longest, longestListIn(variables[name], type)), 0);
  }

  planFor(variables: Variables): readonly CostNode[] {
    const holds = (name: string) => (variables[name] ?? this.#defaultOf(name)) === true;
    const key = this.#conditionNames.map(holds).join();
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const plan = this.#compile(new Map(this.#conditionNames.map((name) => [name, holds(name)])));
    if (this.#plans.size < plansMax) this.#plans.set(key, plan);
    return plan;
  }

  #defaultOf(name: string): boolean {
    const definition = this.definition.variableDefinitions?.find(
      ({ variable }) => variable.name.value === name,
    );
    return definition?.defaultValue?.kind === Kind.BOOLEAN && definition.defaultValue.value;
  }
}

/** The variables that `@skip` and `@include` ask for, each once. */
function conditionNamesIn(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive({ name, arguments: [argument] = [] }) {
      if (name.value !== 'skip' && name.value !== 'include') return;
      if (argument?.value.kind === Kind.VARIABLE) names.add(argument.value.name.value);
    },
  });
  return [...names];
}
