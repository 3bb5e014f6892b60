import type { Batched } from './batched.ts';
import type { RequestContext } from './context.ts';
import type { DomainFields } from './generated/domain-fields.ts';
import type { EventStream } from '../platform/runtime/event-stream.ts';
import type { Resolvers, ResolversParentTypes } from './generated/resolver-types.ts';

/** The names of the domains, and `shared` for src/graphql. */
export type DomainName = keyof DomainFields;

/**
 * The resolvers of a domain: those of every type for which its SDL declares fields that a row does not
 * answer. The compiler finds a missing resolver, and a field that fetches for each parent by itself.
 */
export type DomainResolvers<Domain extends DomainName> = {
  readonly [Type in TypesToResolve<Domain>]: ResolversOf<Domain, Type>;
} & {
  readonly [Type in Exclude<TypesOf<Domain>, TypesToResolve<Domain>>]?: ResolversOf<Domain, Type>;
};

/**
 * The resolvers of the fields that a domain's SDL declares for one type. Fields that the row answers need
 * none.
 */
export type ResolversOf<Domain extends DomainName, Type extends TypesOf<Domain>> = Type extends 'Subscription'
  ? Pick<SubscriptionResolvers, keyof SubscriptionResolvers & DomainFields[Domain][Type]>
  : Type extends OperationRootName
    ? Pick<RootResolvers[Type], keyof RootResolvers[Type] & DomainFields[Domain][Type]>
    : Type extends ObjectTypeName
      ? TypeResolvers<Type, keyof FieldsOf<Type> & DomainFields[Domain][Type]>
      : never;

/** The types for which a domain's SDL declares fields. */
type TypesOf<Domain extends DomainName> = keyof DomainFields[Domain];

export type RootName = OperationRootName | 'Subscription';

type OperationRootName = 'Query' | 'Mutation';

/** The functions of the subscription fields, each of which opens a stream of events. */
type SubscriptionResolvers = {
  readonly [Field in keyof Subscriptions]: (
    args: SubscriptionArgs<Subscriptions[Field]>,
    context: RequestContext,
  ) => Promise<EventStream<SubscriptionEvent<Subscriptions[Field]>>>;
};

type Subscriptions = Required<NonNullable<Resolvers['Subscription']>>;

type SubscriptionArgs<Resolver> = Resolver extends {
  readonly subscribe: (parent: never, args: infer Args, context: never, info: never) => unknown;
}
  ? Args
  : never;

type SubscriptionEvent<Resolver> = Resolver extends {
  readonly subscribe: (...args: never) => AsyncIterable<infer Keyed> | Promise<AsyncIterable<infer Keyed>>;
}
  ? Keyed[keyof Keyed]
  : never;

/** The names of a root's fields. */
export type RootFieldName<Root extends OperationRootName> = keyof RootResolvers[Root];

/** The object that resolvers of a type get as their parent. */
export type RowOf<Name extends ObjectTypeName> = Name extends keyof ResolversParentTypes
  ? ResolversParentTypes[Name]
  : never;

export type ObjectTypeName = Exclude<
  keyof Resolvers,
  RootName | 'Node' | 'DateTime' | 'EmailAddress' | 'JSONObject'
>;

type TypesToResolve<Domain extends DomainName> = {
  [Type in TypesOf<Domain>]: Type extends RootName
    ? Type
    : Type extends ObjectTypeName
      ? [FieldsToResolve<Type> & DomainFields[Domain][Type]] extends [never]
        ? never
        : Type
      : never;
}[TypesOf<Domain>];

type TypeResolvers<Name extends ObjectTypeName, Field extends keyof FieldsOf<Name>> = {
  readonly [Each in Field & FieldsToResolve<Name>]: FieldResolver<FieldsOf<Name>[Each]>;
} & {
  readonly [Each in Exclude<Field, FieldsToResolve<Name>>]?: FieldResolver<FieldsOf<Name>[Each]>;
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

/** Roots are reached once an operation, so they may answer promises; each of their fields must be there. */
type RootResolvers = {
  readonly [Root in OperationRootName]: {
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
 * Fields that the row does not answer by itself. Always `id`: a row's id is a UUID and would pass for the
 * public id, since both are text.
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

type AnswerOf<Generated> = Generated extends (...args: never) => infer Answer ? Awaited<Answer> : never;
