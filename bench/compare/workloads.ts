import { encodeCursor } from '../../src/paging/cursor.ts';
import { toPublicId } from '../../src/platform/ids.ts';
import type { Fixtures } from './fixtures.ts';

/** The schema that a server's queries are written for. */
export type Dialect = 'parley' | 'plain' | 'pothos' | 'postgraphile' | 'json';

/** The name of a workload. */
export type WorkloadName = 'W1' | 'W2' | 'W3' | 'W4' | 'W5' | 'W6' | 'W7';

/** All workloads. */
export const workloadNames: readonly WorkloadName[] = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7'];

/** An operation that clients send; a load repeats its operations in order. */
export interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The workload, which is also the name of the operation. */
  readonly workload: WorkloadName;
}

/** The title of each workload in reports. */
export const workloadTitles: Readonly<Record<WorkloadName, string>> = {
  W1: '20 newest conversations with the number of messages and the last one',
  W2: '20 conversations with 10 messages each and their authors',
  W3: 'a page of 50 messages deep in a conversation of 10,000',
  W4: 'a profile',
  W5: 'settings and models',
  W6: 'sendMessage',
  W7: 'a mix as of a chat product',
};

/**
 * Shares of 100 requests of the mix: users read conversations more often than the list, and write now and
 * then.
 */
const mix = { W1: 20, W2: 5, W3: 40, W4: 15, W5: 5, W6: 15 } as const;

/** Returns the operations of a workload in a server's dialect. */
export function operationsOf(dialect: Dialect, workload: WorkloadName, fixtures: Fixtures): Operation[] {
  if (workload === 'W7') return mixed(dialect, fixtures);
  const query = queries[dialect][workload];
  return variablesOf(dialect, workload, fixtures).map((variables) => ({ query, variables, workload }));
}

/**
 * Returns the data of a response in a form that all servers share. @throws Error for a response with errors
 */
export function normalizedAnswer(dialect: Dialect, workload: WorkloadName, answer: string): unknown {
  const { data, errors }: { data: unknown; errors?: unknown } = JSON.parse(answer);
  if (errors !== undefined || data === null) throw new Error(`error response: ${answer.slice(0, 500)}`);
  const normalized = normalize(data);
  const content = dialect === 'json' ? normalized : onlyChild(normalized);
  if (workload === 'W5') return normalized;
  if (workload === 'W4') return profileOf(content);
  if (workload === 'W6') return sentMessageOf(content);
  return content;
}

const plain = {
  W1: `query W1 { conversations(first: 20) { id title messageCount lastMessage { id content createdAt } } }`,
  W2: `query W2 { conversations(first: 20) { id title
    messages(last: 10) { id content role createdAt author { id displayName } } } }`,
  W3: `query W3($id: ID!, $after: Int!) { conversation(id: $id) { id title
    messages(first: 50, after: $after) { id content createdAt author { displayName } } } }`,
  W4: `query W4($id: ID!) { user(id: $id) { id displayName
    profile { firstName lastName bio avatarUrl locale timezone preferences updatedAt } } }`,
  W5: `query W5 { settings { anonymousMockMode maxMessageLength signUpEnabled updatedAt defaultModel { id name } }
    models { id name provider contextWindow maxOutputTokens isEnabled isMock inputPricePerMillion outputPricePerMillion } }`,
  W6: `mutation W6($id: ID!, $content: String!) { sendMessage(conversationId: $id, content: $content) {
    id content createdAt author { displayName } } }`,
} as const;

const queries: Readonly<Record<Dialect, Readonly<Record<Exclude<WorkloadName, 'W7'>, string>>>> = {
  plain,
  parley: {
    ...plain,
    W1: `query W1 { conversations(first: 20) { nodes { id title messageCount lastMessage { id content createdAt } } } }`,
    W2: `query W2 { conversations(first: 20) { nodes { id title
      messages(last: 10) { nodes { id content role createdAt author { id displayName } } } } } }`,
    W3: `query W3($id: ID!, $after: String!) { conversation(id: $id) { id title
      messages(first: 50, after: $after) { nodes { id content createdAt author { displayName } } } } }`,
    W6: `mutation W6($id: ID!, $content: String!) { sendMessage(input: { conversationId: $id, content: $content }) {
      message { id content createdAt author { displayName } } userErrors { code } } }`,
  },
  pothos: {
    ...plain,
    W3: plain.W3.replace('messages(', 'messages: messagesAfter('),
    W4: `query W4($id: ID!) { user(id: $id) { id displayName firstName lastName profile updatedAt } }`,
  },
  postgraphile: {
    W1: `query W1($tenantId: UUID!) { conversations(condition: { tenantId: $tenantId }, orderBy: [UPDATED_AT_DESC, ROW_ID_DESC], first: 20) {
      nodes { rowId title messageCount lastMessage { rowId content createdAt } } } }`,
    W2: `query W2($tenantId: UUID!) { conversations(condition: { tenantId: $tenantId }, orderBy: [UPDATED_AT_DESC, ROW_ID_DESC], first: 20) {
      nodes { rowId title messages(last: 10, orderBy: POSITION_ASC) {
        nodes { rowId content role createdAt author { rowId displayName } } } } } }`,
    W3: `query W3($tenantId: UUID!, $id: UUID!, $after: Cursor!) { conversation(tenantId: $tenantId, rowId: $id) { rowId title
      messages(first: 50, after: $after, orderBy: POSITION_ASC) { nodes { rowId content createdAt author { displayName } } } } }`,
    W4: `query W4($id: UUID!) { user(rowId: $id) { rowId displayName firstName lastName profile updatedAt } }`,
    W5: `query W5 { settings: appSetting(rowId: 1) { anonymousMockMode maxMessageLength signUpEnabled updatedAt
        defaultModel { rowId: slug name } }
      models(condition: { isEnabled: true }, orderBy: [NAME_ASC, PRIMARY_KEY_ASC]) { nodes { rowId: slug name provider contextWindow
        maxOutputTokens isEnabled isMock inputPricePerMillion outputPricePerMillion } } }`,
    W6: `mutation W6($tenantId: UUID!, $authorId: UUID!, $id: UUID!, $content: String!) {
      postMessage(input: { tenantId: $tenantId, authorId: $authorId, conversationId: $id, content: $content }) {
        result { rowId content createdAt author { displayName } } } }`,
  },
  json: { W1: '', W2: '', W3: '', W4: '', W5: '', W6: '' },
};

function variablesOf(
  dialect: Dialect,
  workload: Exclude<WorkloadName, 'W7'>,
  { tenantId, longConversation, deepPositions, postgraphileCursors, people, writing }: Fixtures,
): Readonly<Record<string, unknown>>[] {
  const isParley = dialect === 'parley';
  const ofTenant = dialect === 'postgraphile' ? { tenantId } : {};
  switch (workload) {
    case 'W1':
    case 'W2':
      return [ofTenant];
    case 'W3': {
      const id = isParley ? toPublicId('conv', longConversation) : longConversation;
      return deepPositions.map((position, index) => ({
        ...ofTenant,
        id,
        after: isParley
          ? cursorAt(position)
          : dialect === 'postgraphile'
            ? postgraphileCursors[index]
            : position,
      }));
    }
    case 'W4':
      return people.map((id) => ({ id: isParley ? toPublicId('user', id) : id }));
    case 'W5':
      return [{}];
    case 'W6':
      return writing.conversations.map((id, index) => ({
        ...(dialect === 'postgraphile' ? { tenantId: writing.tenantId, authorId: writing.authorId } : {}),
        id: isParley ? toPublicId('conv', id) : id,
        content: `What shall we do about number ${index}?`,
      }));
  }
}

function cursorAt(position: number): string {
  return encodeCursor({ ordering: 'message.position', types: ['integer'] }, [position]);
}

/** Interleaves the operations of the mix in an order that is the same in every run. */
function mixed(dialect: Dialect, fixtures: Fixtures): Operation[] {
  const names: readonly (keyof typeof mix)[] = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6'];
  const wanted = names.flatMap((name) => {
    const operations = operationsOf(dialect, name, fixtures);
    return Array.from({ length: 2 * mix[name] }, (_, index) => operations[index % operations.length]);
  });
  const step = 73;
  return wanted.flatMap((_, index) => wanted[(index * step) % wanted.length] ?? []);
}

/** Removes ID prefixes and hyphens, unifies timestamps, and unwraps connections to plain lists. */
function normalize(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => normalize(each));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const [first] = entries;
    if (entries.length === 1 && first?.[0] === 'nodes') return normalize(first[1]);
    return Object.fromEntries(
      entries.map(([name, each]) => {
        const isId = name === 'id' || name === 'rowId';
        return [isId ? 'id' : name, normalize(each, isId ? 'id' : name)];
      }),
    );
  }
  if (typeof value !== 'string') return value;
  if (key === 'id') return value.replace(/^[a-z]+_/, '').replaceAll('-', '');
  return key.endsWith('At') ? new Date(value).toISOString() : value;
}

function onlyChild(data: unknown): unknown {
  return Object.values(Object(data))[0];
}

/** Merges the profile of servers that return one JSON value beside the names. */
function profileOf(content: unknown): unknown {
  const { id, displayName, profile, ...beside } = Object(content);
  const { bio = null, avatarUrl = null, locale = null, timezone = null, preferences = {}, ...rest } = profile;
  return { id, displayName, profile: { bio, avatarUrl, locale, timezone, preferences, ...rest, ...beside } };
}

/** Selects the fields of a sent message that do not differ between requests. */
function sentMessageOf(content: unknown): unknown {
  const { message, result, ...rest } = Object(content);
  const sent = message ?? result ?? rest;
  return { content: sent.content, author: sent.author };
}
