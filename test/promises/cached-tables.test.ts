import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredCaches } from '../../src/graphql/cache-list.ts';
import {
  announcementStatement,
  type CacheDeclaration,
  type TableDependency,
} from '../../src/caching/cache-declaration.ts';
import { CacheFactory } from '../../src/caching/cache-factory.ts';
import { CacheRegistry } from '../../src/caching/cache-registry.ts';
import { parseInvalidation } from '../../src/caching/coherence/coherence-message.ts';
import { profileKey } from '../../src/domains/user/model.ts';
import { systemClock } from '../../src/platform/runtime/clock.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { eavesdrop, namesIn, type Eavesdropper } from '../support/announcements.ts';
import { dropConstraints, writableColumns, type AnyColumn } from '../support/any-row.ts';
import { CleanUps } from '../support/embedded.ts';
import { createTestDatabase } from '../support/postgres.ts';

const uuid = (digit: number) => `00000000-0000-7000-8000-00000000000${digit}`;
const [tenantId, userId, sessionId, keyId] = [uuid(1), uuid(2), uuid(3), uuid(4)];
const now = new Date(0);
const member = { role: 'MEMBER', isActive: true, isPlatformAdmin: false, isOwnerActive: true } as const;
const membership = { tenantId, slug: 'acme', ...member };

/** One entry of each declared cache. */
const examples = [
  example(declaredCaches.settings, 'app', {
    anonymousMockMode: false,
    defaultModelSlug: null,
    maxMessageLength: 1,
    signUpEnabled: false,
    updatedAt: now,
  }),
  example(declaredCaches.models, 'all', []),
  example(declaredCaches.profiles, profileKey(tenantId, userId), null),
  example(declaredCaches.sessions, 'hash', {
    ...member,
    sessionId,
    tenantId,
    userId,
    expiresAt: now,
    memberships: [membership],
  }),
  example(declaredCaches.identities, 'subject', {
    ...member,
    userId,
    providerUpdatedAt: null,
    syncedAt: null,
    tokensNotBefore: null,
    memberships: [
      { ...membership, organisationId: null, providerRole: null, providerAsOf: null, removedAt: null },
    ],
  }),
  example(declaredCaches.apiKeys, 'hash', {
    ...member,
    keyId,
    tenantId,
    userId,
    tenantSlug: 'acme',
    scopes: [],
    expiresAt: null,
  }),
  example(declaredCaches.schema, 'users', []),
];

/** By table, because the caches of people share theirs. */
const tables = [...new Set(examples.flatMap((cache) => Object.keys(cache.tables)))].map((table) => ({
  table,
  dependents: examples.flatMap((cache) => {
    const dependency = cache.tables[table];
    return dependency === undefined ? [] : [{ ...cache, dependency }];
  }),
}));
type Dependent = (typeof tables)[number]['dependents'][number];

const cleanUps = new CleanUps();
let client: Client;
let eavesdropper: Eavesdropper;

beforeAll(async () => {
  const database = await createTestDatabase();
  cleanUps.add(() => database.drop());
  eavesdropper = await eavesdrop(cleanUps, database.url);
  client = new Client({ connectionString: database.url });
  await client.connect();
  cleanUps.add(() => client.end());
  await dropConstraints(
    client,
    tables.map(({ table }) => table),
  );
});
afterAll(() => cleanUps.run());

it('every declared cache has an example here', () => {
  const names = Object.values(declaredCaches).map(({ name }) => name);

  expect(examples.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
});

describe('an entry is invalidated by every change of a row that it is made of', () => {
  it.each(tables)('in $table', async ({ table, dependents }) => {
    const columns = await writableColumns(client, table);
    const changes = await changesOf(table, columns, dependents);

    for (const { name, dependency } of dependents) {
      const { insertsCount = true, ignoredColumns = [] } = dependency === 'all entries' ? {} : dependency;
      const counted = columns.filter((column) => !ignoredColumns.includes(column.name));
      const expected = [
        ...(insertsCount ? ['insert'] : []),
        ...counted.map((column) => column.name),
        'delete',
      ];
      const remedy = `A migration needs: ${announcementStatement(name, table, dependency)}`;
      expect(changes.get(name), remedy).toEqual(expected);
    }
  });
});

/** By cache: the changes of a row that invalidated its entry, an update under the name of the column. */
async function changesOf(
  table: string,
  columns: readonly AnyColumn[],
  dependents: readonly Dependent[],
): Promise<ReadonlyMap<string, string[]>> {
  const ids = new Map(
    dependents.flatMap(({ tags, dependency }) =>
      dependency === 'all entries' ? [] : [[dependency.idColumn, `'${idAmong(tags, dependency)}'`] as const],
    ),
  );
  const values = columns.map(({ name, first }) => ids.get(name) ?? first);
  const insert = `insert into ${table} (${columns.map(({ name }) => name).join(', ')}) values (${values.join(', ')})`;
  await client.query(`truncate ${table} cascade`);
  const changes: [name: string, statement: string][] = [
    ['insert', insert],
    ...columns.map(({ name, second }): [string, string] => [name, `update ${table} set ${name} = ${second}`]),
    ['delete', `delete from ${table}`],
  ];
  const changesByCache = new Map(dependents.map(({ name }) => [name, new Array<string>()]));
  for (const [change, statement] of changes) {
    for (const cache of await invalidatedBy(statement, dependents)) changesByCache.get(cache)?.push(change);
    await client.query(`delete from ${table}; ${change === 'delete' ? '' : insert}`);
  }
  return changesByCache;
}

/** The caches whose entry is dropped by a process that receives what the statement announces. */
async function invalidatedBy(statement: string, dependents: readonly Dependent[]): Promise<string[]> {
  const caches = await Promise.all(dependents.map((dependent) => dependent.open()));
  const registry = new CacheRegistry(caches);
  await eavesdropper.announced();
  await client.query(statement);
  const names = namesIn(await eavesdropper.announced());
  registry.invalidated(names.flatMap((name) => parseInvalidation(name) ?? []));
  return caches.filter((cache) => cache.count('all') === 0).map(({ name }) => name);
}

function example<Value>(declaration: CacheDeclaration<Value>, key: string, value: Value | null) {
  const { name, tables, tagsOfKey, tagsOfValue } = declaration;
  return {
    name,
    tables,
    tags: [...(tagsOfKey?.(key) ?? []), ...(value === null ? [] : (tagsOfValue?.(value) ?? []))],
    open: async () => {
      const factory = new CacheFactory({
        clock: systemClock,
        logger: createLogger({ level: 'silent' }),
        isEnabled: true,
        isUnavailable: () => false,
        lastValueMs: 3_600_000,
        accessGraceMs: 15_000,
        ttlMsOf: () => 60_000,
      });
      const cache = factory.create(declaration);
      await cache.get(key, async () => value);
      expect(cache.count('all')).toBe(1);
      return cache;
    },
  };
}

function idAmong(tags: readonly string[], { tag }: Exclude<TableDependency, 'all entries'>): string {
  const found = tags.find((candidate) => candidate.startsWith(`${tag}:`));
  if (found === undefined) throw new Error(`The example has no tag of the kind ${tag}.`);
  return found.slice(tag.length + 1);
}
