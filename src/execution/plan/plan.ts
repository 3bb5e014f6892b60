import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLField,
  GraphQLObjectType,
  OperationDefinitionNode,
} from 'graphql';
import type { Selection } from '../selection.ts';
import type { LastWritten } from '../run/last-written.ts';
import type { AnswerSize } from '../run/answer-size.ts';

/**
 * What a field fetches for many parents: one value for each, in their order. The mark `extensions.batched` of a field. `selection`
 * is what will be read of the values, so that no more needs to be fetched.
 */
export type Fetch = (
  parents: readonly unknown[],
  args: unknown,
  context: unknown,
  selection: Selection,
) => unknown;

/** Writes an object of the answer. */
export type Write = (source: unknown, run: RunState) => Record<string, unknown>;

/** Keeps promises within a value, or those that it is, from ending the process when they fail. */
export type MarkHandled = (value: unknown) => void;

/** What fields can be read from. */
export type Source = Readonly<Record<string, unknown>>;

/** A resolver without `info`, which does not exist below the roots here. */
export type Resolve = (source: unknown, args: unknown, context: unknown) => unknown;

/** All places where a document asks for a field under one name. */
export type FieldNodes = readonly [FieldNode, ...FieldNode[]];

/** What the functions of a plan may ask of the run that they work for. */
export interface RunState {
  readonly context: unknown;
  /** The bytes of the answer so far. */
  readonly size: AnswerSize;
  /** A field's arguments, worked out when it is first reached. */
  argumentsOf(field: FieldPlan): Readonly<Record<string, unknown>>;
  /** The next of the values that were gathered in this slot. */
  take(slot: number): unknown;
  /** What was written lately of the objects in this slot. */
  lastWrittenIn(slot: number): LastWritten;
  /** Keeps a value for `take`. */
  keep(slot: number, value: unknown): void;
  /** Lets an object be asked for what lies below it. */
  visit(object: ObjectPlan, source: Source): void;
}

/** What the values at one place of an operation become. */
export interface ValuePlan {
  /** The value as it is answered; throws a Bailout for whatever graphql-js would not simply answer. */
  readonly complete: (value: unknown, run: RunState) => unknown;
  /** Visits the objects within a value, in the order in which `complete` meets them; null where nothing is gathered below. */
  readonly visit: ((value: unknown, run: RunState) => void) | null;
  /** Hears the promises among the properties that are read when the answer is written: they may fail before that. */
  readonly markHandled: MarkHandled;
  /** What is asked for below. */
  readonly selection: Selection;
}

/** One field that is asked for under one name. */
export interface FieldPlan {
  readonly key: string;
  readonly parentType: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly nodes: FieldNodes;
  /** @throws GraphQLError where the variables do not fit */
  readonly readArguments: (variables: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  /** Its place among all fields of the plan. */
  readonly index: number;
  readonly value: ValuePlan;
  /** Null for a plain field, which is read from each source by itself. */
  readonly fetch: Fetch | null;
  /** Where its values wait for the one who writes the answer; null for what is read when it is written. */
  readonly slot: number | null;
  /** What answers it for each source by itself; null where that is the source's property of the field's name. */
  readonly resolve: Resolve | null;
}

/** A field whose value is known beforehand: `__typename`. */
export interface KnownField {
  readonly key: string;
  readonly constant: string;
  readonly nodes: FieldNodes;
}

/** What stands in an object of the answer. */
export type WrittenField = FieldPlan | KnownField;

/** A root field: its values always wait for the one who writes. */
export type RootPlan = FieldPlan & { readonly slot: number };

/** What objects of one type are asked for at one place. */
export interface ObjectPlan {
  /** Its place among all objects of the plan. */
  readonly index: number;
  /** The fields whose values are gathered before anything is written. */
  readonly gathered: readonly FieldPlan[];
  readonly markHandled: MarkHandled;
  /** The object as it is answered. */
  readonly write: Write;
}

/** How one operation is run, for one combination of what its `@skip` and `@include` ask for. */
export interface Plan {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** In the order of the answer. */
  readonly fields: readonly (RootPlan | KnownField)[];
  /** Those of the fields that are called. */
  readonly roots: readonly RootPlan[];
  /** Writes the answer from the roots' values. */
  readonly write: Write;
  /** All fields at all levels. */
  readonly fieldCount: number;
}
