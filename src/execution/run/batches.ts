import type { GraphQLField } from 'graphql';
import type { BatchResolver, FieldPlan, RunState, Source } from '../plan/plan.ts';
import { mergeSelections, type Selection } from '../selection.ts';
import { ByArguments } from './by-arguments.ts';

/** A batched field that a level has reached, with its parents at one place of the document. */
export interface ReachedField {
  readonly field: FieldPlan;
  readonly fetch: BatchResolver;
  readonly parents: readonly Source[];
}

/** A call of a batch resolver. */
export interface Batch {
  readonly definition: GraphQLField<unknown, unknown>;
  readonly fetch: BatchResolver;
  readonly args: unknown;
  readonly selection: Selection;
  /** Each parent once. */
  readonly parents: readonly Source[];
  /** The index of each parent; null if the values belong to the parents of the only field, one for one. */
  readonly indexes: ReadonlyMap<Source, number> | null;
  readonly fields: readonly ReachedField[];
  /** The result of the call: values in the order of the parents, or a promise; undefined before the call. */
  answer: unknown;
}

/** Puts fields of one level that have the same definition and arguments into one batch. */
export function batchesOf(
  reached: readonly ReachedField[],
  run: Pick<RunState, 'argumentsOf'>,
): readonly Batch[] {
  const [only, ...others] = reached;
  if (only === undefined) return [];
  if (others.length === 0) return [batchOf(run.argumentsOf(only.field), [only])];
  const groups: Group[] = [];
  const known = new ByArguments<Group>();
  for (const each of reached) {
    const args = run.argumentsOf(each.field);
    const group = known.find(each.field.definition, args);
    if (group !== undefined) {
      group.fields.push(each);
      continue;
    }
    const added: Group = { args, fields: [each] };
    known.add(each.field.definition, args, added);
    groups.push(added);
  }
  return groups.map(({ args, fields }) => batchOf(args, fields));
}

interface Group {
  readonly args: unknown;
  readonly fields: [ReachedField, ...ReachedField[]];
}

/** A cache may return one object for several parents: a batch contains it once. */
function batchOf(args: unknown, fields: Group['fields']): Batch {
  const [{ fetch, field, parents }] = fields;
  const { definition, value } = field;
  const hasEachOnce = parents.length === 1 || new Set(parents).size === parents.length;
  if (fields.length === 1 && hasEachOnce) {
    const { selection } = value;
    return { definition, fetch, args, selection, parents, indexes: null, fields, answer: undefined };
  }
  const selection = mergeSelections(fields.map((each) => each.field.value.selection));
  const distinct = [...new Set(fields.flatMap((each) => each.parents))];
  const indexes = new Map(distinct.map((parent, index) => [parent, index]));
  return { definition, fetch, args, selection, parents: distinct, indexes, fields, answer: undefined };
}

/** Returns true if a batch resolver returned one value per parent. */
export function isAnswerFor(values: unknown, parents: readonly unknown[]): values is unknown[] {
  return Array.isArray(values) && values.length === parents.length;
}
