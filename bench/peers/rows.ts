/** A message row of the peers' statements; `ordinal` is the position of its parent, from 1. */
export interface MessageRow {
  readonly ordinal: string;
  readonly id: string;
  readonly content: string;
  readonly createdAt: Date;
  readonly authorId: string | null;
}

/** A user row of the peers' statements. */
export interface PersonRow {
  readonly id: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly updatedAt: Date;
  readonly profile: Readonly<Record<string, unknown>>;
}

export function displayNameOf({ firstName, lastName }: Pick<PersonRow, 'firstName' | 'lastName'>): string {
  return [firstName, lastName].filter((part) => part !== null && part !== '').join(' ');
}

export function profileOf({ firstName, lastName, updatedAt, profile }: PersonRow) {
  return {
    firstName,
    lastName,
    bio: profile['bio'] ?? null,
    avatarUrl: profile['avatarUrl'] ?? null,
    locale: profile['locale'] ?? null,
    timezone: profile['timezone'] ?? null,
    preferences: profile['preferences'] ?? {},
    updatedAt: updatedAt.toISOString(),
  };
}
