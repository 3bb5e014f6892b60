import {
  Kind,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { includedBy } from './collect-fields.ts';
import { compile, Unplanned } from './compile.ts';
import { variableReader } from './inputs.ts';
import type { Plan } from './plan.ts';

/** The plans of so many documents are kept, and at the most of twice as many. */
const documentsMax = 1000;
/** The plans of one operation, by what its conditions are. */
const plansMax = 16;

type Variables = Readonly<Record<string, unknown>>;

/** What there is to run: a plan, and the variables as their types make them. */
export interface Planned {
  readonly plan: Plan;
  readonly variables: Variables;
}

/**
 * The plans of the documents that were asked for last. A document is known by its identity, whoever parses it keeps that. To ask
 * for one that was asked for recently changes nothing.
 */
export class PlanCache {
  readonly #schema: GraphQLSchema;
  #recent = new Map<DocumentNode, PlannedDocument>();
  /** Those that were not asked for since `#recent` was begun. */
  #earlier: ReadonlyMap<DocumentNode, PlannedDocument> = new Map();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** @throws Unplanned */
  find(document: DocumentNode, operationName: string | null, variables: Variables): Planned {
    return this.#documentOf(document).operation(operationName).planFor(variables);
  }

  #documentOf(document: DocumentNode): PlannedDocument {
    const recent = this.#recent.get(document);
    if (recent !== undefined) return recent;
    if (this.#recent.size >= documentsMax) {
      this.#earlier = this.#recent;
      this.#recent = new Map();
    }
    const planned = this.#earlier.get(document) ?? new PlannedDocument(this.#schema, document);
    this.#recent.set(document, planned);
    return planned;
  }
}

class PlannedDocument {
  readonly #schema: GraphQLSchema;
  readonly #document: DocumentNode;
  readonly #operations = new Map<string | null, PlannedOperation>();

  constructor(schema: GraphQLSchema, document: DocumentNode) {
    this.#schema = schema;
    this.#document = document;
  }

  operation(name: string | null): PlannedOperation {
    const known = this.#operations.get(name);
    if (known !== undefined) return known;
    const definitions = this.#document.definitions.filter(
      (definition) => definition.kind === Kind.OPERATION_DEFINITION,
    );
    const [definition, other] =
      name === null ? definitions : definitions.filter((candidate) => candidate.name?.value === name);
    if (definition === undefined || other !== undefined) throw new Unplanned('unknown operation');
    const planned = new PlannedOperation(this.#schema, this.#document, definition);
    this.#operations.set(name, planned);
    return planned;
  }
}

class PlannedOperation {
  readonly #schema: GraphQLSchema;
  readonly #definition: OperationDefinitionNode;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #readVariables: (given: Variables) => Variables | undefined;
  readonly #conditions: readonly string[];
  readonly #plans = new Map<string, Plan | Unplanned>();

  constructor(schema: GraphQLSchema, document: DocumentNode, definition: OperationDefinitionNode) {
    this.#schema = schema;
    this.#definition = definition;
    this.#fragments = new Map(
      document.definitions.flatMap((each) =>
        each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [],
      ),
    );
    this.#readVariables = variableReader(schema, definition.variableDefinitions ?? []);
    const declared = new Set(definition.variableDefinitions?.map(({ variable }) => variable.name.value));
    // Another operation of the document may have conditions of its own.
    this.#conditions = conditionsIn(document).filter((name) => declared.has(name));
  }

  planFor(given: Variables): Planned {
    const variables = this.#coerce(given);
    const key = this.#conditions.map((name) => conditionText(variables[name])).join();
    const plan = this.#plans.get(key) ?? this.#compile(key, variables);
    if (plan instanceof Unplanned) throw plan;
    return { plan, variables };
  }

  #coerce(given: Variables): Variables {
    const coerced = this.#readVariables(given);
    // What is wrong with them graphql-js says.
    if (coerced === undefined) throw new Unplanned('variables');
    return coerced;
  }

  #compile(key: string, variables: Variables): Plan | Unplanned {
    if (this.#plans.size >= plansMax) throw new Unplanned('conditions');
    const plan = compileOrNot(this.#definition, {
      schema: this.#schema,
      fragments: this.#fragments,
      isIncluded: includedBy(variables),
    });
    this.#plans.set(key, plan);
    return plan;
  }
}

/** The variables that `@skip` and `@include` ask for, each once. */
function conditionsIn(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive({ name, arguments: [argument] = [] }) {
      if (name.value !== 'skip' && name.value !== 'include') return;
      if (argument?.value.kind === Kind.VARIABLE) names.add(argument.value.name.value);
    },
  });
  return [...names];
}

function conditionText(value: unknown): string {
  if (typeof value === 'boolean') return String(value);
  throw new Unplanned('conditions');
}

function compileOrNot(...given: Parameters<typeof compile>): Plan | Unplanned {
  try {
    return compile(...given);
  } catch (error) {
    if (error instanceof Unplanned) return error;
    throw error;
  }
}
