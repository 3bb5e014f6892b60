import type { DomainFields } from './generated/domain-fields.ts';
import type { DomainName } from './resolver-types-strict.ts';

/** The cost of a field beyond what the field's type implies, in the unit of docs/api.md. */
export interface FieldCost {
  /** Replaces the default weight of 1. */
  readonly weight?: number;
  /** Usual maximum length of a list that is not a connection. */
  readonly size?: number;
  /** The weight of `totalCount` of a connection, in place of 1. */
  readonly totalCount?: number;
}

/**
 * Costs of fields that a domain's SDL declares. Any other field costs by its type alone: nothing if its row
 * answers it, 1 if the field fetches, and the rows of its page.
 */
export type FieldCosts<Domain extends DomainName> = {
  readonly [Type in keyof DomainFields[Domain]]?: {
    readonly [Field in DomainFields[Domain][Type] & string]?: FieldCost;
  };
};
