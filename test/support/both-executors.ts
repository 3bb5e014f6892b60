import DataLoader from 'dataloader';
import {
  buildSchema,
  execute,
  isObjectType,
  parse,
  validate,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';
import { Selection } from '../../src/execution/selection.ts';
import { ExecutionCounts, type ExecutionStatistics } from '../../src/execution/execution-counts.ts';
import { LevelExecutor, type Executor } from '../../src/execution/level-executor.ts';
import type { BatchResolver } from '../../src/execution/plan/plan.ts';

/** A resolver or a batch resolver. */
export type TestField =
  | GraphQLFieldResolver<unknown, unknown>
  | { readonly fetch: BatchResolver }
  | undefined;

/** By type and field. */
export type TestFields = Readonly<Record<string, Readonly<Record<string, TestField>>>>;

/** Results of one operation by both executors, each with its own schema. */
export interface BothAnswers {
  readonly level: string;
  readonly graphqlJs: string;
  readonly statistics: ExecutionStatistics;
}

/** An operation to be run by both executors. */
export interface TestOperation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  readonly rootValue?: unknown;
}

/** A schema whose batched fields carry their mark, and use a DataLoader under graphql-js. */
export function aSchema(typeDefinitions: string, fields: TestFields): GraphQLSchema {
  const schema = buildSchema(typeDefinitions);
  for (const [typeName, resolvers] of Object.entries(fields)) {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) throw new Error(`${typeName} is no object type.`);
    for (const [fieldName, field] of Object.entries(resolvers)) {
      const definition = type.getFields()[fieldName];
      if (definition === undefined) throw new Error(`There is no ${typeName}.${fieldName}.`);
      if (field === undefined) continue;
      if (typeof field === 'function') definition.resolve = field;
      else {
        definition.resolve = throughDataLoader(field.fetch);
        definition.extensions = { batched: field.fetch };
      }
    }
  }
  return schema;
}

/** A level executor with its own counts. */
export function anExecutor(schema: GraphQLSchema): Executor & { statistics(): ExecutionStatistics } {
  const counts = new ExecutionCounts();
  const executor = new LevelExecutor(schema, counts);
  return {
    plan: (document, onCompile) => executor.plan(document, onCompile),
    execute: (request) => executor.execute(request),
    executeEvents: (request, events) => executor.executeEvents(request, events),
    statistics: () => counts.statistics(),
  };
}

/**
 * Runs an operation by both executors; `make` is called for each, so that neither sees the effects of the
 * other.
 */
export async function askBoth(make: () => GraphQLSchema, operation: TestOperation): Promise<BothAnswers> {
  const { query, variables = {}, operationName, rootValue } = operation;
  const document = parse(query);
  const schema = make();
  const faults = validate(schema, document);
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('\n'));
  const expected = await execute({
    schema,
    document,
    variableValues: variables,
    operationName: operationName ?? null,
    rootValue,
    contextValue: {},
  });
  const executor = anExecutor(make());
  const found = await executor.execute({ document, variables, operationName, rootValue, context: {} });
  return {
    graphqlJs: textOf(expected),
    level: found === null ? 'left to graphql-js' : textOf(found),
    statistics: executor.statistics(),
  };
}

/** Errors are sorted by path: their order is not part of the promise. */
function textOf({ errors, data }: ExecutionResult): string {
  const pathOf = (error: GraphQLError) => String(error.path?.join('.'));
  return JSON.stringify({
    errors: errors?.toSorted((left, right) => (pathOf(left) < pathOf(right) ? -1 : 1)),
    data,
  });
}

function throughDataLoader(fetch: BatchResolver): GraphQLFieldResolver<unknown, unknown> {
  const loaders = new WeakMap<object, Map<string, DataLoader<unknown, unknown>>>();
  return (parent, args, context) => {
    if (typeof context !== 'object' || context === null) throw new TypeError('A context is an object.');
    const byArguments = loaders.get(context) ?? new Map<string, DataLoader<unknown, unknown>>();
    loaders.set(context, byArguments);
    const key = JSON.stringify(args);
    const loader =
      byArguments.get(key) ??
      new DataLoader(async (parents) => answers(await fetch(parents, args, context, new Selection())));
    byArguments.set(key, loader);
    return loader.load(parent);
  };
}

function answers(values: unknown): unknown[] {
  if (Array.isArray(values)) return values;
  throw new TypeError('A fetch answers an array.');
}
