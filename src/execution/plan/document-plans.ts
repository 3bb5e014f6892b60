import {
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { conditionNamesIn } from './condition-names.ts';
import { includedBy } from './collect-fields.ts';
import { compile, NotPlannable } from './compile.ts';
import { variableReader } from './inputs.ts';
import type { Plan } from './plan.ts';

/** The most plans of one operation, one per combination of its conditions' values. */
const plansMax = 16;

type Variables = Readonly<Record<string, unknown>>;

/** A plan with the coerced variables. */
export interface Planned {
  readonly plan: Plan;
  readonly variables: Variables;
}

/** Called for each plan that was compiled, with its number of fields: its memory is proportional to them. */
export type OnCompile = (fieldCount: number) => void;

/** The plans of one document that is valid for the schema; each is compiled when it is needed first. */
export class DocumentPlans {
  readonly #schema: GraphQLSchema;
  readonly #document: DocumentNode;
  readonly #onCompile: OnCompile;
  readonly #operations = new Map<string | null, PlannedOperation>();

  constructor(schema: GraphQLSchema, document: DocumentNode, onCompile: OnCompile) {
    this.#schema = schema;
    this.#document = document;
    this.#onCompile = onCompile;
  }

  /** @throws NotPlannable */
  find(operationName: string | null, variables: Variables): Planned {
    const known = this.#operations.get(operationName) ?? this.#add(operationName);
    return known.planFor(variables);
  }

  #add(name: string | null): PlannedOperation {
    const definitions = this.#document.definitions.filter(
      (definition) => definition.kind === Kind.OPERATION_DEFINITION,
    );
    const [definition, other] =
      name === null ? definitions : definitions.filter((candidate) => candidate.name?.value === name);
    if (definition === undefined || other !== undefined) throw new NotPlannable('unknown operation');
    const planned = new PlannedOperation(this.#schema, this.#document, definition, this.#onCompile);
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
  readonly #onCompile: OnCompile;
  readonly #plans = new Map<string, Plan | NotPlannable>();

  constructor(
    schema: GraphQLSchema,
    document: DocumentNode,
    definition: OperationDefinitionNode,
    onCompile: OnCompile,
  ) {
    this.#schema = schema;
    this.#onCompile = onCompile;
    this.#definition = definition;
    this.#fragments = new Map(
      document.definitions.flatMap((each) =>
        each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [],
      ),
    );
    this.#readVariables = variableReader(schema, definition.variableDefinitions ?? []);
    const declared = new Set(definition.variableDefinitions?.map(({ variable }) => variable.name.value));
    // Other operations of the document may have other conditions.
    this.#conditions = conditionNamesIn(document).filter((name) => declared.has(name));
  }

  planFor(given: Variables): Planned {
    const variables = this.#readVariables(given);
    // The errors are worded by graphql-js.
    if (variables === undefined) throw new NotPlannable('variables');
    const key = this.#conditions.map((name) => conditionText(variables[name])).join();
    const plan = this.#plans.get(key) ?? this.#compile(key, variables);
    if (plan instanceof NotPlannable) throw plan;
    return { plan, variables };
  }

  #compile(key: string, variables: Variables): Plan | NotPlannable {
    if (this.#plans.size >= plansMax) throw new NotPlannable('conditions');
    const plan = compileOrNot(this.#definition, {
      schema: this.#schema,
      fragments: this.#fragments,
      isIncluded: includedBy(variables),
    });
    this.#plans.set(key, plan);
    if (!(plan instanceof NotPlannable)) this.#onCompile(plan.fieldCount);
    return plan;
  }
}

function conditionText(value: unknown): string {
  if (typeof value === 'boolean') return String(value);
  throw new NotPlannable('conditions');
}

function compileOrNot(...given: Parameters<typeof compile>): Plan | NotPlannable {
  try {
    return compile(...given);
  } catch (error) {
    if (error instanceof NotPlannable) return error;
    throw error;
  }
}
