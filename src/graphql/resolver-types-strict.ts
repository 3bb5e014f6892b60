import type { Batched } from './batched.ts';
import type { RequestContext } from './context.ts';
import type { Resolvers, ResolversParentTypes } from './generated/resolver-types.ts';

/**
 * All resolvers of the API, so that the compiler finds what memory would forget: a field that its row lacks and that has no
 * resolver, and a field that fetches for each parent by itself.
 */
export type CompleteResolvers = RootResolvers & {
  readonly [Name in NamesWithFieldsToResolve]: CompleteType<Name>;
} & { readonly [Name in Exclude<ObjectTypeName, NamesWithFieldsToResolve>]?: CompleteType<Name> } & {
  readonly [Name in AbstractTypeName | ScalarName]: NonNullable<Resolvers[Name]>;
};

/** Some fields of a root, for the file of the domain that answers them. */
export type RootFields<Root extends RootName, Field extends keyof RootResolvers[Root]> = Pick<
  RootResolvers[Root],
  Field
>;

/** The resolvers of one object type, for the file of its domain. */
export type CompleteType<Name extends ObjectTypeName> = {
  readonly [Field in FieldsToResolve<Name>]: FieldResolver<FieldsOf<Name>[Field]>;
} & {
  readonly [Field in Exclude<keyof FieldsOf<Name>, FieldsToResolve<Name>>]?: FieldResolver<
    FieldsOf<Name>[Field]
  >;
};

/** A field below the roots: a synchronous function of the row, or batched. There is no third. */
type FieldResolver<Generated> = Generated extends (
  parent: infer Parent,
  args: infer Args,
  context: infer _Context,
  info: infer _Info,
) => infer Answer
  ?
      | ((parent: Parent, args: Args, context: RequestContext) => Awaited<Answer>)
      | Batched<Parent, Args, Awaited<Answer>>
  : never;

/** Some fields of an object type, for the file of a domain that adds them to another domain's type. */
export type TypeFields<Name extends ObjectTypeName, Field extends keyof FieldsOf<Name>> = {
  readonly [Each in Field]: FieldResolver<FieldsOf<Name>[Each]>;
};

type RootName = 'Query' | 'Mutation';
type AbstractTypeName = 'Node';
type ScalarName = 'DateTime' | 'EmailAddress' | 'JSONObject';
type ObjectTypeName = Exclude<keyof Resolvers, RootName | AbstractTypeName | ScalarName>;

/** Roots are reached once an operation, so they may answer promises; each of their fields must be there. */
export type RootResolvers = {
  readonly [Root in RootName]: {
    readonly [Field in keyof NonNullable<Resolvers[Root]> as Exclude<Field, '__isTypeOf'>]-?: FunctionIn<
      NonNullable<NonNullable<Resolvers[Root]>[Field]>
    >;
  };
};

type FieldsOf<Name extends ObjectTypeName> = {
  [Field in keyof NonNullable<Resolvers[Name]> as Exclude<Field, '__isTypeOf'>]-?: FunctionIn<
    NonNullable<NonNullable<Resolvers[Name]>[Field]>
  >;
};

type FunctionIn<Resolver> = Extract<Resolver, (...args: never) => unknown>;

/**
 * Fields that the row does not answer by itself. Always `id`: a row's id is a UUID and would pass for the public id, since
 * both are text.
 */
type FieldsToResolve<Name extends ObjectTypeName> = {
  [Field in keyof FieldsOf<Name>]: Field extends 'id'
    ? Field
    : Field extends keyof RowOf<Name>
      ? RowOf<Name>[Field] extends AnswerOf<FieldsOf<Name>[Field]> | undefined
        ? never
        : Field
      : Field;
}[keyof FieldsOf<Name>];

type NamesWithFieldsToResolve = {
  [Name in ObjectTypeName]: [FieldsToResolve<Name>] extends [never] ? never : Name;
}[ObjectTypeName];

type RowOf<Name extends ObjectTypeName> = Name extends keyof ResolversParentTypes
  ? ResolversParentTypes[Name]
  : never;

type AnswerOf<Generated> = Generated extends (...args: never) => infer Answer ? Awaited<Answer> : never;
