import type { MessageRole } from '../../platform/postgres/generated/enums.ts';

/** One message of a file. */
interface ImportedMessage {
  readonly author: string;
  readonly createdAt: Date;
  readonly content: string;
  readonly role: MessageRole;
}

/** One line of a file: a conversation with all its messages, in the order in which they were said. */
export interface ImportedConversation {
  /** A slug. */
  readonly tenant: string;
  /** Names the conversation within its tenant, so that it is never taken in twice. */
  readonly externalId: string;
  readonly title: string;
  /** One at least. Their times may tie and run backwards. */
  readonly messages: readonly ImportedMessage[];
}

/**
 * In RFC 3339: the first and the last by position, and the latest of all, because times run backwards too.
 */
export function spanOf(messages: ImportedConversation['messages']) {
  const times = messages.map(({ createdAt }) => createdAt.toISOString());
  return { startedAt: times[0], lastMessageAt: times.at(-1), newestAt: times.toSorted().at(-1) };
}

/** By author: when they said their first message, by position. */
export function firstTimes(messages: ImportedConversation['messages']): ReadonlyMap<string, Date> {
  const times = new Map<string, Date>();
  for (const { author, createdAt } of messages) {
    if (!times.has(author)) times.set(author, createdAt);
  }
  return times;
}

/** How far an import has come. */
export interface ImportCounts {
  readonly conversationsAdded: number;
  readonly conversationsAlreadyThere: number;
  /** Lines that hold no conversation that can be stored; each was told as a `LineFault`. */
  readonly conversationsRefused: number;
  readonly messagesAdded: number;
  readonly authorsAdded: number;
}

/** Where counting begins. */
export const nothingImported: ImportCounts = {
  conversationsAdded: 0,
  conversationsAlreadyThere: 0,
  conversationsRefused: 0,
  messagesAdded: 0,
  authorsAdded: 0,
};

export function sumOf(one: ImportCounts, other: ImportCounts): ImportCounts {
  return {
    conversationsAdded: one.conversationsAdded + other.conversationsAdded,
    conversationsAlreadyThere: one.conversationsAlreadyThere + other.conversationsAlreadyThere,
    conversationsRefused: one.conversationsRefused + other.conversationsRefused,
    messagesAdded: one.messagesAdded + other.messagesAdded,
    authorsAdded: one.authorsAdded + other.authorsAdded,
  };
}

/** Why a line was refused. */
export interface LineFault {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/** Who an author of a tenant's imported messages is among the users of all tenants. */
export function authorExternalId(tenant: string, author: string): string {
  return `import:${tenant}:${author}`;
}
