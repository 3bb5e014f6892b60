import {
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  type GraphQLField,
  type GraphQLObjectType,
} from 'graphql';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/schema.ts';
import { aConversation, aMembership, aTenant, aUser, type TestUser } from '../support/builders.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

const few = 2;
const many = 50;

type Route = (count: number, selection: string, tenantIds: readonly string[]) => string;

/** How to reach `count` objects of a type in one query. A type that is missing here fails the test. */
const routes: Readonly<Record<string, Route>> = {
  Tenant: tenants,
  TenantUsage: (count, selection, tenantIds) => tenants(count, `usage { ${selection} }`, tenantIds),
  Membership: (count, selection) => `{ tenant { members(first: ${count}) { nodes { ${selection} } } } }`,
  User: (count, selection) => `{ users(first: ${count}) { nodes { ${selection} } } }`,
  Profile: (count, selection) => `{ users(first: ${count}) { nodes { profile { ${selection} } } } }`,
  Identity: (count, selection) => `{ users(first: ${count}) { nodes { identity { ${selection} } } } }`,
  Session: (count, selection) => `{ viewer { sessions(first: ${count}) { nodes { ${selection} } } } }`,
  ApiKey: (count, selection) => `{ viewer { apiKeys(first: ${count}) { nodes { ${selection} } } } }`,
  Invitation: (count, selection) => `{ invitations(first: ${count}) { nodes { ${selection} } } }`,
  InvitationConnection: (_count, selection) => `{ invitations(first: 2) { ${selection} } }`,
  AccountConnection: (_count, selection) => `{ accounts(first: 2) { ${selection} } }`,
  Account: (count, selection) => `{ accounts(first: ${count}) { nodes { ${selection} } } }`,
  ReceivedInvitation: (count, selection) => `{ ${aliases(count, `receivedInvitations { ${selection} }`)} }`,
  Conversation: (count, selection) => `{ conversations(first: ${count}) { nodes { ${selection} } } }`,
  Message: (count, selection) =>
    `{ searchMessages(query: "hello", first: ${count}) { nodes { ${selection} } } }`,
  Model: (count, selection) => `{ ${aliases(count, `models { ${selection} }`)} }`,
  RateLimit: (count, selection) => `{ ${aliases(count, `rateLimit { ${selection} }`)} }`,
  Settings: (count, selection) => `{ ${aliases(count, `settings { ${selection} }`)} }`,
  Operations: (count, selection) => `{ ${aliases(count, `operations { ${selection} }`)} }`,
  SlowQuery: operations('slowQueries(first: 1)'),
  TableStatistics: operations('tables'),
  IndexStatistics: operations('indexes'),
  ColumnInfo: operations('columns(table: "users")'),
  Health: operations('health'),
  ComponentHealth: (count, selection) =>
    `{ ${aliases(count, `operations { health { components { ${selection} } } }`)} }`,
  CacheStatistics: operations('caches'),
  RequestStatistics: operations('requests'),
  OperationStatistics: (count, selection) =>
    `{ ${aliases(count, `operations { requests { byOperation { ${selection} } } }`)} }`,
  DatabaseLoad: operations('databaseLoad'),
  StatementStatistics: (count, selection) =>
    `{ ${aliases(count, `operations { databaseLoad { statements { ${selection} } } }`)} }`,
  StatementKindStatistics: (count, selection) =>
    `{ ${aliases(count, `operations { databaseLoad { byStatement(first: 2) { ${selection} } } }`)} }`,
  ConnectionPoolStatistics: operations('connectionPool'),
  ExecutionStatistics: operations('executions'),
  ExecutionCount: (count, selection) =>
    `{ ${aliases(count, `operations { executions { unplanned { ${selection} } } }`)} }`,
  IdentitySyncStatistics: operations('identitySync'),
  ExplainedStatement: operations('explain(operation: "{ viewer { id } }")'),
  DailyActivity: operations('userActivity(days: 2)'),
  PageInfo: (count, selection) =>
    `{ conversations(first: ${count}) { nodes { messages(first: 1) { pageInfo { ${selection} } } } } }`,
  ApiKeyConnection: (count, selection) =>
    `{ users(first: ${count}) { nodes { apiKeys(first: 2) { ${selection} } } } }`,
  ConversationConnection: (count, selection) =>
    `{ users(first: ${count}) { nodes { conversations(first: 2) { ${selection} } } } }`,
  MembershipConnection: (count, selection, tenantIds) =>
    tenants(count, `members(first: 2) { ${selection} }`, tenantIds),
  MessageConnection: (count, selection) =>
    `{ conversations(first: ${count}) { nodes { messages(first: 2) { ${selection} } } } }`,
  SessionConnection: (count, selection) =>
    `{ users(first: ${count}) { nodes { sessions(first: 2) { ${selection} } } } }`,
  UserConnection: (count, selection) =>
    `{ conversations(first: ${count}) { nodes { participants(first: 2) { ${selection} } } } }`,
};

/** Fields that cannot be asked without an argument. */
const requiredArguments: Readonly<Record<string, string>> = {
  columns: 'columns(table: "users")',
  explain: 'explain(operation: "{ viewer { id } }")',
};

/** Events are read together: test/api/event/message-events.test.ts counts their statements. */
const roots = ['Query', 'Mutation', 'Subscription', 'MessageEvent'];

/** Payloads are answered once for each mutation that was asked for, so nothing multiplies them. */
const onceAMutation =
  /Payload$|^UserError(Params)?$|^CacheInvalidation$|^CacheWarming$|^RemovedRows$|^StoreResult$/;

describe('the cost of a field in statements', () => {
  let testApp: TestApp;
  let viewer: TestUser;
  let tenantIds: readonly string[];
  const statementsOf = async (query: string) => {
    await Promise.all(Object.values(testApp.app.caches).map((cache) => cache.invalidate('all')));
    let statements = 0;
    // Last-seen times are written every 30 seconds, independently of the query.
    const stop = testApp.database.observe(
      ({ text }) => (statements += text.startsWith('with seen as') ? 0 : 1),
    );
    await testApp.data(query, { token: viewer.token }).finally(stop);
    return statements;
  };

  beforeAll(async () => {
    // A field without a list above it is reached fifty times only by aliases.
    testApp = await startTestApp({ QUERY_ALIASES_MAX: '0', QUERY_ROOT_FIELDS_MAX: '0' });
    ({ viewer, tenantIds } = await populate(testApp));
  });
  afterAll(() => testApp.close());

  const types = Object.values(createSchema().getTypeMap()).filter(
    (type): type is GraphQLObjectType =>
      isObjectType(type) && !type.name.startsWith('__') && !roots.includes(type.name),
  );
  const cases = types
    .filter((type) => !onceAMutation.test(type.name))
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ type: type.name, field })));

  it('is known for more than a hundred fields', () => {
    expect(cases.length).toBeGreaterThan(100);
  });

  it.each(cases.map((each) => [`${each.type}.${each.field.name}`, each] as const))(
    'is the same for 2 parents and for 50: %s',
    async (_name, { type, field }) => {
      const route = routeTo(type);
      const statements = await statementsOf(route(few, selectionOf(field), tenantIds));

      expect(await statementsOf(route(many, selectionOf(field), tenantIds))).toBe(statements);
    },
  );
});

/** Edges are reached by the connection that they belong to. */
function routeTo(type: string): Route {
  const route = routes[type];
  if (route !== undefined) return route;
  const toConnection = routes[type.replace(/Edge$/, 'Connection')];
  if (toConnection === undefined) throw new Error(`There is no route to ${type}: add one to this test.`);
  return (count, selection, tenantIds) => toConnection(count, `edges { ${selection} }`, tenantIds);
}

/** A field with what makes it fetch all that it can fetch. */
function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const type = getNamedType(field.type);
  if (!isCompositeType(type)) return field.name;
  if (!isObjectType(type) || isInterfaceType(type) || !type.name.endsWith('Connection')) {
    return `${requiredArguments[field.name] ?? field.name} { __typename }`;
  }
  const page = 'edges { cursor node { __typename } } pageInfo { hasNextPage hasPreviousPage } totalCount';
  return `forward: ${field.name}(first: 2) { ${page} } backward: ${field.name}(last: 2) { ${page} }`;
}

function operations(field: string): Route {
  return (count, selection) => `{ ${aliases(count, `operations { ${field} { ${selection} } }`)} }`;
}

function tenants(count: number, selection: string, tenantIds: readonly string[]): string {
  return `{ nodes(ids: ${JSON.stringify(tenantIds.slice(0, count))}) { ... on Tenant { ${selection} } } }`;
}

function aliases(count: number, selection: string): string {
  return Array.from({ length: count }, (_, index) => `alias${index}: ${selection}`).join(' ');
}

async function populate(testApp: TestApp): Promise<{ viewer: TestUser; tenantIds: string[] }> {
  const { database } = testApp;
  await database.query(
    sql`insert into models (slug, name, provider, context_window) values ('one', 'One', 'Test', 1000)`,
  );
  await database.query(sql`update app_settings set default_model_slug = 'one'`);
  const tenant = await aTenant(testApp);
  const tenantIds = [tenant.id];
  const viewer = await aUser(testApp, tenant, { role: 'OWNER', isPlatformAdmin: true });
  for (let index = 0; index < many; index += 1) {
    const member = await aUser(testApp, tenant);
    const furtherTenant = await aTenant(testApp);
    await aMembership(testApp, furtherTenant, viewer);
    tenantIds.push(furtherTenant.id);
    await aConversation(testApp, tenant, {
      owner: member,
      author: member,
      participants: [viewer, member],
      messages: ['hello', 'hello again', 'bye'],
    });
  }
  await database.query(sql`update conversations set model_slug = 'one'`);
  await database.query(sql`update messages set model_slug = 'one'`);
  await database.query(sql`insert into sessions (tenant_id, id, user_id, token_hash, expires_at)
    select tenant_id, gen_random_uuid(), user_id, sha256(gen_random_uuid()::text::bytea), expires_at
    from sessions, generate_series(1, 2)`);
  await database.query(sql`insert into sessions (tenant_id, id, user_id, token_hash, expires_at)
    select ${tenant.uuid}::uuid, gen_random_uuid(), ${viewer.uuid}::uuid, sha256(gen_random_uuid()::text::bytea),
      ${new Date(testApp.clock.now() + 86_400_000)} from generate_series(1, ${many})`);
  await database.query(sql`insert into api_keys (tenant_id, id, user_id, name, prefix, key_hash, scopes)
    select tenant_id, gen_random_uuid(), user_id, 'A key', 'parley_key_', sha256(id::text::bytea), '{read}' from sessions`);
  return { viewer, tenantIds };
}
