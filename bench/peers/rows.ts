/** A message as the statements of the peers answer it; `ordinal` is the place of its parent, counted from 1. */
export interface MessageRow {
  readonly ordinal: string;
  readonly id: string;
  readonly content: string;
  readonly createdAt: Date;
  readonly authorId: string | null;
}

/** A person as the statements of the peers answer them. */
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
