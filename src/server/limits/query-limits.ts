/** The limits of one operation; 0 turns a limit off. */
export interface QueryLimits {
  /** Tokens of the document's text. */
  readonly tokensMax: number;
  /** Nested fields. */
  readonly depthMax: number;
  /** Aliases, and fields or fragments repeated within a selection. */
  readonly aliasesMax: number;
  /** Fields directly of Query or Mutation. */
  readonly rootFieldsMax: number;
  /** Directives such as `@include`. */
  readonly directivesMax: number;
  /** Entries of one list in the arguments or variables. */
  readonly listMax: number;
  /** The cost of the operation, see docs/api.md. */
  readonly costMax: number;
}
