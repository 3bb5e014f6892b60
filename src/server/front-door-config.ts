import type { QueryLimits } from './admission/query-limits.ts';

/** What the front door lets in, and for how long. Times are in milliseconds; 0 lifts a limit. */
export interface FrontDoorConfig {
  /** Whether clients may ask for the schema, and are told the names that they may have meant. */
  readonly isIntrospectionEnabled: boolean;
  readonly queryLimits: QueryLimits;
}
