import {
  defaultFieldResolver,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  TypeNameMetaFieldDef,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { rootResolverOf } from '../fallback/replay.ts';
import { abstractPlan } from '../run/abstract-value.ts';
import {
  leafPlan,
  listPlan,
  nonNullPlan,
  objectPlan,
  sharedPlan,
  type ObjectShape,
} from '../run/complete-value.ts';
import { compileWriter } from '../run/write-object.ts';
import { Selection } from '../selection.ts';
import { collectFields, type FieldCollection } from './collect-fields.ts';
import { argumentReader } from './inputs.ts';
import type {
  BatchResolver,
  ConstantField,
  FieldNodes,
  FieldPlan,
  ObjectPlan,
  Plan,
  Resolve,
  RootPlan,
  ValuePlan,
  WrittenField,
} from './plan.ts';

/** A reason for which an operation has no plan: graphql-js runs all of it. */
export type NotPlannableReason =
  | 'unknown operation'
  | 'subscription'
  | 'introspection'
  | 'variables'
  | 'conditions'
  | 'size'
  | 'info'
  | 'type'
  | 'invalid';

/** Thrown for an operation that only graphql-js can run. */
export class NotPlannable extends Error {
  readonly reason: NotPlannableReason;

  constructor(reason: NotPlannableReason) {
    super(`This operation is left to graphql-js: ${reason}.`);
    this.reason = reason;
  }
}

/** The most fields of a plan: in a short document, nested fragments can select any number of fields. */
const fieldsMax = 10_000;

/**
 * Compiles one operation of a valid document, for the values that its conditions have.
 * @throws NotPlannable
 */
export function compile(operation: OperationDefinitionNode, collection: FieldCollection): Plan {
  const type = collection.schema.getRootType(operation.operation);
  if (type === null || type === undefined) throw new NotPlannable('unknown operation');
  const compiler = new Compiler(collection);
  const fields = compiler.rootsOf(type, operation.selectionSet);
  return {
    operation,
    fragments: Object.fromEntries(collection.fragments),
    fields,
    roots: fields.filter((field) => 'slot' in field),
    write: compileWriter(fields),
    fieldCount: compiler.fieldCount,
  };
}

type Count = 'slotCount' | 'objectCount' | 'fieldCount';

class Compiler {
  readonly #collection: FieldCollection;
  readonly #counts: Record<Count, number> = { slotCount: 0, objectCount: 0, fieldCount: 0 };

  constructor(collection: FieldCollection) {
    this.#collection = collection;
  }

  get fieldCount(): number {
    return this.#counts.fieldCount;
  }

  rootsOf(type: GraphQLObjectType, selectionSet: SelectionSetNode): (RootPlan | ConstantField)[] {
    return this.#fields(type, [selectionSet], (definition, nodes) => {
      const field = this.#field(definition, nodes);
      const resolveRoot = rootResolverOf(definition);
      return { ...field, fetch: null, resolve: null, resolveRoot, slot: this.#next('slotCount') };
    });
  }

  #fields<Field>(
    type: GraphQLObjectType,
    selectionSets: readonly SelectionSetNode[],
    plan: (definition: GraphQLField<unknown, unknown>, nodes: FieldNodes) => Field,
  ): ((Field & Pick<FieldPlan, 'key' | 'parentType' | 'index'>) | ConstantField)[] {
    const fields = [];
    for (const [key, nodes] of collectFields(type, selectionSets, this.#collection)) {
      const name = nodes[0].name.value;
      const index = this.#next('fieldCount');
      if (index >= fieldsMax) throw new NotPlannable('size');
      if (name === '__schema' || name === '__type') throw new NotPlannable('introspection');
      const definition = type.getFields()[name];
      if (name === TypeNameMetaFieldDef.name) fields.push({ key, constant: type.name, nodes });
      // As graphql-js does, ignores a field that does not exist.
      else if (definition !== undefined)
        fields.push({ ...plan(definition, nodes), key, parentType: type, index });
    }
    return fields;
  }

  #field(definition: GraphQLField<unknown, unknown>, nodes: FieldNodes) {
    const readArguments = argumentReader(definition, nodes[0]);
    return { definition, nodes, readArguments, value: this.#value(definition.type, nodes) };
  }

  #below(definition: GraphQLField<unknown, unknown>, nodes: FieldNodes) {
    const field = this.#field(definition, nodes);
    const fetch = batchResolverOf(definition);
    const resolve = fetch === null ? plainResolverOf(definition) : null;
    const isGathered = fetch !== null || field.value.visit !== null;
    const slot = isGathered ? this.#next('slotCount') : null;
    const isShared = fetch !== null && slot !== null && isFlatObject(definition.type, field.value);
    const value = isShared ? sharedPlan(field.value, slot) : field.value;
    return { ...field, value, fetch, resolve, slot };
  }

  #value(type: GraphQLOutputType, nodes: FieldNodes): ValuePlan {
    if (isNonNullType(type)) return nonNullPlan(this.#value(type.ofType, nodes));
    if (isListType(type)) return listPlan(this.#value(type.ofType, nodes));
    if (isLeafType(type)) return leafPlan(type);
    if (isAbstractType(type)) return this.#abstract(type, nodes);
    return objectPlan(type, this.#object(type, nodes));
  }

  #abstract(type: GraphQLAbstractType, nodes: FieldNodes): ValuePlan {
    const { schema } = this.#collection;
    if ((type.resolveType?.length ?? 0) > 2) throw new NotPlannable('type');
    const possible = schema
      .getPossibleTypes(type)
      .map((possibleType) => ({ type: possibleType, ...this.#object(possibleType, nodes) }));
    const isDeep = possible.some((each) => each.isDeep);
    return abstractPlan({ schema, type, possible, slot: isDeep ? this.#next('slotCount') : null });
  }

  #object(type: GraphQLObjectType, nodes: FieldNodes): ObjectShape {
    if ((type.isTypeOf?.length ?? 0) > 2) throw new NotPlannable('type');
    const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const fields = this.#fields(type, selectionSets, (definition, each) => this.#below(definition, each));
    const gathered = fields.flatMap((field) => ('constant' in field || field.slot === null ? [] : [field]));
    const object = {
      index: this.#next('objectCount'),
      gathered,
      properties: propertiesOf(fields),
      write: compileWriter(fields),
    };
    return { object, isDeep: gathered.length > 0, selection: selectionFrom(fields) };
  }

  #next(count: Count): number {
    const next = this.#counts[count];
    this.#counts[count] += 1;
    return next;
  }
}

/** An object below which nothing is gathered: it is written alike everywhere. */
function isFlatObject(type: GraphQLOutputType, { visit }: ValuePlan): boolean {
  return visit === null && isObjectType(getNullableType(type));
}

function selectionFrom(fields: readonly WrittenField[]): Selection {
  return new Selection(
    fields.flatMap((field) =>
      'constant' in field ? [] : [[field.definition.name, field.value.selection] as const],
    ),
  );
}

function propertiesOf(fields: readonly WrittenField[]): ObjectPlan['properties'] {
  return fields.flatMap((field) =>
    'constant' in field || field.slot !== null || field.resolve !== null
      ? []
      : [{ name: field.definition.name, objects: field.value.objects }],
  );
}

function batchResolverOf({ extensions }: GraphQLField<unknown, unknown>): BatchResolver | null {
  const { batched } = extensions;
  return isBatchResolver(batched) ? batched : null;
}

function isBatchResolver(mark: unknown): mark is BatchResolver {
  return typeof mark === 'function';
}

/** Null for the default resolver, which reads the source's property. */
function plainResolverOf({ resolve }: GraphQLField<unknown, unknown>): Resolve | null {
  if (resolve === undefined || resolve === defaultFieldResolver) return null;
  const candidate: unknown = resolve;
  if (!isWithoutInfo(candidate)) throw new NotPlannable('info');
  return candidate;
}

function isWithoutInfo(resolve: unknown): resolve is Resolve {
  return typeof resolve === 'function' && resolve.length <= 3;
}
