import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLField,
  GraphQLFieldResolver,
  GraphQLObjectType,
  OperationDefinitionNode,
} from 'graphql';
import type { Selection } from '../selection.ts';

/**
 * The function of a field that is marked with `extensions.batched`: returns one value for each of many
 * parents, in their order. `selection` contains all fields that will be read of the values, so no others need
 * to be fetched.
 */
export type BatchResolver = (
  parents: readonly unknown[],
  args: unknown,
  context: unknown,
  selection: Selection,
) => unknown;

/** Writes an object of the response. */
export type Write = (source: unknown, run: RunState) => Record<string, unknown>;

/** An object from which fields are read. */
export type Source = Readonly<Record<string, unknown>>;

/** A resolver without `info`, which is not available below the roots. */
export type Resolve = (source: unknown, args: unknown, context: unknown) => unknown;

/** All nodes of a document that select a field under one response key. */
export type FieldNodes = readonly [FieldNode, ...FieldNode[]];

/** The part of a run that a plan's functions use. */
export interface RunState {
  readonly context: unknown;
  /** The size of the response so far: of ASCII text exactly, of other text a third or more. */
  readonly bytes: number;
  /** The last few objects that were written at one place, by slot. */
  readonly lastWritten: (LastWritten | undefined)[];
  /** Adds to the size of the response. @throws AnswerTooLarge */
  addBytes(bytes: number): void;
  /** Adds the size of a value's JSON. @throws AnswerTooLarge */
  addJson(value: object): void;
  /** Returns a field's arguments, which are coerced when the field is reached first. */
  argumentsOf(field: FieldPlan): Readonly<Record<string, unknown>>;
  /** Returns the next of the values that were gathered in a slot. */
  take(slot: number): unknown;
  /** Stores a value for `take`. */
  keep(slot: number, value: unknown): void;
  /** Adds an object to those whose fields are gathered next. */
  visit(object: ObjectPlan, source: Source): void;
}

/** Objects that were written last at one place, with their parts of the response. */
export interface LastWritten {
  readonly sources: unknown[];
  readonly written: unknown[];
  readonly bytes: number[];
  /** The index that is used next. */
  oldest: number;
}

/** Describes how values at one place of an operation become part of the response. */
export interface ValuePlan {
  /** Returns the value for the response. @throws Bailout for all that graphql-js would not simply return */
  readonly complete: (value: unknown, run: RunState) => unknown;
  /** Visits the objects within a value, in the order of `complete`; null if nothing is gathered below. */
  readonly visit: ((value: unknown, run: RunState) => void) | null;
  /** The objects that a value can be or contain. */
  readonly objects: readonly ObjectPlan[];
  readonly selection: Selection;
}

/** A field under one response key. */
export interface FieldPlan {
  readonly key: string;
  readonly parentType: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly nodes: FieldNodes;
  /** @throws GraphQLError if the variables do not fit */
  readonly readArguments: (variables: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  /** Number of the field among all fields of the plan. */
  readonly index: number;
  readonly value: ValuePlan;
  /** Null for a plain field, which is read from each source separately. */
  readonly fetch: BatchResolver | null;
  /**
   * Number of the list in which the values wait for the response; null if they are read when it is written.
   */
  readonly slot: number | null;
  /** Null if the value is the source's property of the field's name. */
  readonly resolve: Resolve | null;
}

/** A field whose value is constant: `__typename`. */
export interface ConstantField {
  readonly key: string;
  readonly constant: string;
  readonly nodes: FieldNodes;
}

/** A field of an object in the response. */
export type WrittenField = FieldPlan | ConstantField;

/** A root field, whose values always wait in a slot. */
export type RootPlan = FieldPlan & { readonly slot: number; readonly resolveRoot: RootResolver };

/** The resolver of a root field, as graphql-js calls it. */
export type RootResolver = GraphQLFieldResolver<unknown, unknown>;

/** The selection of objects of one type at one place. */
export interface ObjectPlan {
  /** Number of the object among all objects of the plan. */
  readonly index: number;
  /** The fields whose values are gathered before the response is written. */
  readonly gathered: readonly FieldPlan[];
  /** The properties that are read only when the response is written, with the objects within them. */
  readonly properties: readonly { readonly name: string; readonly objects: readonly ObjectPlan[] }[];
  readonly write: Write;
}

/** Describes how one operation is run, for one combination of its `@skip` and `@include` conditions. */
export interface Plan {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** In the order of the response. */
  readonly fields: readonly (RootPlan | ConstantField)[];
  /** The fields without the constant ones. */
  readonly roots: readonly RootPlan[];
  /** Number of fields in the whole plan. */
  readonly fieldCount: number;
  /** Writes the response from the values of the roots. */
  readonly write: Write;
}
