/** What one operation may ask for at the most; 0 lifts a limit. */
export interface QueryLimits {
  /** Tokens of the document's text. */
  readonly tokensMax: number;
  /** Fields that stand inside each other. */
  readonly depthMax: number;
  /** Aliases, and fields or fragments that stand in one selection more than once. */
  readonly aliasesMax: number;
  /** Fields directly of Query or Mutation. */
  readonly rootFieldsMax: number;
  /** Directives such as `@include`. */
  readonly directivesMax: number;
  /** Entries of one list in the arguments or variables. */
  readonly listMax: number;
  /** What the operation may cost, see docs/api.md. */
  readonly costMax: number;
}
