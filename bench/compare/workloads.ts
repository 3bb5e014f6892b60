import { isDeepStrictEqual } from 'node:util';
import { encodeCursor } from '../../src/paging/cursor.ts';
import { toPublicId } from '../../src/platform/ids.ts';
import type { Fixtures } from './fixtures.ts';

/** In whose words a server is asked. */
export type Dialect = 'parley' | 'plain' | 'pothos' | 'postgraphile' | 'json';

/** One of the workloads. */
export type WorkloadName = 'W1' | 'W2' | 'W3' | 'W4' | 'W5' | 'W6' | 'W7';

/** All workloads. */
export const workloadNames: readonly WorkloadName[] = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7'];

/** What clients send; a load goes through its requests in turn. */
export interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** What it is for; the name of the operation as well. */
  readonly workload: WorkloadName;
}

export const workloadTitles: Readonly<Record<WorkloadName, string>> = {
  W1: '20 newest conversations with the number of messages and the last one',
  W2: '20 conversations with 10 messages each and their authors',
  W3: 'a page of 50 messages deep in a conversation of 10,000',
  W4: 'a profile',
  W5: 'settings and models',
  W6: 'sendMessage',
  W7: 'a mix as of a chat product',
};

/** Of 100 requests of the mix: people look at conversations more than at the list, and write now and then. */
const mix = { W1: 20, W2: 5, W3: 40, W4: 15, W5: 5, W6: 15 } as const;

/** The operations of a workload in a server's words, each with its own variables. */
export function operationsOf(dialect: Dialect, workload: WorkloadName, fixtures: Fixtures): Operation[] {
  if (workload === 'W7') return mixed(dialect, fixtures);
  const query = queries[dialect][workload];
  return variablesOf(dialect, workload, fixtures).map((variables) => ({ query, variables, workload }));
}

/** What an answer says, in words that all servers share. @throws Error when it is no answer */
export function meaningOf(dialect: Dialect, workload: WorkloadName, answer: string): unknown {
  const { data, errors }: { data: unknown; errors?: unknown } = JSON.parse(answer);
  if (errors !== undefined || data === null)
    throw new Error(`an error instead of an answer: ${answer.slice(0, 500)}`);
  const told = normalised(data);
  const meaning = dialect === 'json' ? told : onlyChild(told);
  if (workload === 'W5') return normalised(data);
  if (workload === 'W4') return profileOf(meaning);
  if (workload === 'W6') return sentOf(meaning);
  return meaning;
}

/** Whether two answers say the same. */
export function isSameMeaning(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other);
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
  const isOurs = dialect === 'parley';
  const ofTenant = dialect === 'postgraphile' ? { tenantId } : {};
  switch (workload) {
    case 'W1':
    case 'W2':
      return [ofTenant];
    case 'W3': {
      const id = isOurs ? toPublicId('conv', longConversation) : longConversation;
      return deepPositions.map((position, index) => ({
        ...ofTenant,
        id,
        after: isOurs
          ? cursorAt(position)
          : dialect === 'postgraphile'
            ? postgraphileCursors[index]
            : position,
      }));
    }
    case 'W4':
      return people.map((id) => ({ id: isOurs ? toPublicId('user', id) : id }));
    case 'W5':
      return [{}];
    case 'W6':
      return writing.conversations.map((id, index) => ({
        ...(dialect === 'postgraphile' ? { tenantId: writing.tenantId, authorId: writing.authorId } : {}),
        id: isOurs ? toPublicId('conv', id) : id,
        content: `What shall we do about number ${index}?`,
      }));
  }
}

function cursorAt(position: number): string {
  return encodeCursor({ ordering: 'message.position', types: ['integer'] }, [position]);
}

/** In an order that no part of the mix can profit from, the same in every run. */
function mixed(dialect: Dialect, fixtures: Fixtures): Operation[] {
  const names: readonly (keyof typeof mix)[] = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6'];
  const wanted = names.flatMap((name) => {
    const operations = operationsOf(dialect, name, fixtures);
    return Array.from({ length: 2 * mix[name] }, (_, index) => operations[index % operations.length]);
  });
  const step = 73;
  return wanted.flatMap((_, index) => wanted[(index * step) % wanted.length] ?? []);
}

/** Ids without prefixes and hyphens, times in one form, lists without what pages wrap around them. */
function normalised(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => normalised(each));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const [first] = entries;
    if (entries.length === 1 && first?.[0] === 'nodes') return normalised(first[1]);
    return Object.fromEntries(
      entries.map(([name, each]) => {
        const isId = name === 'id' || name === 'rowId';
        return [isId ? 'id' : name, normalised(each, isId ? 'id' : name)];
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

/** Some have a profile as one JSON value beside the names. */
function profileOf(told: unknown): unknown {
  const { id, displayName, profile, ...beside } = Object(told);
  const { bio = null, avatarUrl = null, locale = null, timezone = null, preferences = {}, ...rest } = profile;
  return { id, displayName, profile: { bio, avatarUrl, locale, timezone, preferences, ...rest, ...beside } };
}

/** Of what was sent only what does not differ from one time to the next. */
function sentOf(told: unknown): unknown {
  const { message, result, ...rest } = Object(told);
  const { content, author } = message ?? result ?? rest;
  return { content, author };
}
