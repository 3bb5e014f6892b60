import type { MessageRole } from '../../platform/postgres/generated/enums.ts';

/** A message of an import file. */
interface ImportedMessage {
  readonly author: string;
  readonly createdAt: Date;
  readonly content: string;
  readonly role: MessageRole;
}

/** A line of an import file: a conversation with all its messages, in order. */
export interface ImportedConversation {
  /** The tenant's slug. */
  readonly tenant: string;
  /** Identifies the conversation within its tenant, so that it is never imported twice. */
  readonly externalId: string;
  readonly title: string;
  /** At least one message. Times may be equal or decrease. */
  readonly messages: readonly ImportedMessage[];
}

/** The first and the last time by position, and the latest, because times may decrease; as RFC 3339. */
export function spanOf(messages: ImportedConversation['messages']) {
  const times = messages.map(({ createdAt }) => createdAt.toISOString());
  return { startedAt: times[0], lastMessageAt: times.at(-1), newestAt: times.toSorted().at(-1) };
}

/** The time of each author's first message, by position. */
export function firstTimes(messages: ImportedConversation['messages']): ReadonlyMap<string, Date> {
  const times = new Map<string, Date>();
  for (const { author, createdAt } of messages) {
    if (!times.has(author)) times.set(author, createdAt);
  }
  return times;
}

/** The progress of an import. */
export interface ImportCounts {
  readonly conversationsAdded: number;
  readonly conversationsAlreadyThere: number;
  /** Rejected lines, each of which was reported as a `LineFault`. */
  readonly conversationsRefused: number;
  readonly messagesAdded: number;
  readonly authorsAdded: number;
}

/** The initial counts. */
export const nothingImported: ImportCounts = {
  conversationsAdded: 0,
  conversationsAlreadyThere: 0,
  conversationsRefused: 0,
  messagesAdded: 0,
  authorsAdded: 0,
};

/** Adds up counts. */
export function sumOf(one: ImportCounts, other: ImportCounts): ImportCounts {
  return {
    conversationsAdded: one.conversationsAdded + other.conversationsAdded,
    conversationsAlreadyThere: one.conversationsAlreadyThere + other.conversationsAlreadyThere,
    conversationsRefused: one.conversationsRefused + other.conversationsRefused,
    messagesAdded: one.messagesAdded + other.messagesAdded,
    authorsAdded: one.authorsAdded + other.authorsAdded,
  };
}

/** The reason why a line was rejected. */
export interface LineFault {
  /** The line number, starting at 1. */
  readonly line: number;
  readonly reason: string;
}

/** Returns the external id of an imported author of a tenant. */
export function authorExternalId(tenant: string, author: string): string {
  return `import:${tenant}:${author}`;
}
