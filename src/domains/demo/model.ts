import type {
  AssignmentStatus,
  Difficulty,
  MessageRole,
  Role,
  Visibility,
} from '../../platform/postgres/generated/enums.ts';

/** `small` is for a first look, `large` for measuring; large contains small. */
export type DemoSize = 'small' | 'large';

/** "Now" in the demo data; fixed, so that ids and times are the same in every run. */
export const demoNow = Date.parse('2026-11-15T12:00:00.000Z');

/** The number of days before `demoNow` on which the first conversation begins. */
export const demoDays = 90;

/** Milliseconds per day. */
export const dayMs = 24 * 60 * 60 * 1000;

/** A tenant of the demo. */
export interface DemoTenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: Date;
}

/** A user of the demo. */
export interface DemoPerson {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly isPlatformAdmin: boolean;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}

/** A membership of a user in a tenant of the demo. */
export interface DemoMembership {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: Role;
  readonly joinedAt: Date;
}

/** An exercise of the demo. */
export interface DemoExercise {
  readonly id: string;
  readonly title: string;
  readonly topic: string;
  readonly difficulty: Difficulty;
  readonly prompt: string;
  readonly createdAt: Date;
}

/** The assignment of an exercise to a user of the demo. */
export interface DemoAssignment {
  readonly tenantId: string;
  readonly id: string;
  readonly userId: string;
  readonly exerciseId: string;
  readonly status: AssignmentStatus;
  readonly submission: string | null;
  readonly score: number | null;
  readonly assignedAt: Date;
  readonly finishedAt: Date | null;
}

/** A message of the demo. */
export interface DemoMessage {
  readonly id: string;
  /** Null for models. */
  readonly authorId: string | null;
  readonly role: MessageRole;
  readonly content: string;
  readonly modelSlug: string | null;
  readonly tokenCount: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly editedAt: Date | null;
}

/** A conversation of the demo with its messages. */
export interface DemoConversation {
  readonly tenantId: string;
  readonly id: string;
  readonly ownerId: string;
  /** All participants, including the owner. */
  readonly participantIds: readonly string[];
  readonly title: string;
  readonly visibility: Visibility;
  readonly modelSlug: string | null;
  readonly createdAt: Date;
  readonly lastMessageAt: Date;
  readonly updatedAt: Date;
  readonly archivedAt: Date | null;
  readonly messages: readonly DemoMessage[];
}

/** The demo data without conversations. */
export interface DemoFoundation {
  readonly tenants: readonly DemoTenant[];
  readonly people: readonly DemoPerson[];
  readonly memberships: readonly DemoMembership[];
  readonly exercises: readonly DemoExercise[];
  readonly assignments: readonly DemoAssignment[];
}
