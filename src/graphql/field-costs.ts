/** What a field costs beyond what its type tells, in the measure of docs/api.md. */
export interface FieldCost {
  /** Instead of 1. */
  readonly weight?: number;
  /** How long a list that is no connection usually is, at the most. */
  readonly size?: number;
}

/** Everything that is not listed costs by its type alone: nothing from a row that is there, 1 where it fetches, and its rows. */
export const fieldCosts: Readonly<Record<string, Readonly<Record<string, FieldCost>>>> = {
  Query: {
    models: { size: 20 },
    // Both search by the likeness of texts, which costs PostgreSQL the more the larger the tenant is.
    searchMessages: { weight: 10 },
    users: { weight: 5 },
  },
  Operations: {
    // Runs another operation, and plans all of its statements once more.
    explain: { weight: 100 },
  },
  Tenant: {
    // Counts conversations, and a month of messages.
    usage: { weight: 20 },
  },
  User: {
    // For others than the viewer it is the one of this tenant.
    memberships: { size: 2 },
  },
};
