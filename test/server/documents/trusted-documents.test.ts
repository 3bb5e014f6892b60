import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/app/config/config.ts';
import { failureOf, openFrontDoor } from '../../support/front-door.ts';

const body = 'query Hello { hello }';
const id = hash('sha256', body);
const operations = [
  { id, name: 'Hello', type: 'query', body },
  { id: 'increment-1', name: 'Add', type: 'mutation', body: 'mutation Add { increment }' },
];
const other = { query: '{ half(of: 4) }' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-trusted-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(mode: 'off' | 'log' | 'enforce', manifest: unknown = manifestOf(operations)) {
  const file = join(folder, `${mode}.json`);
  await writeFile(file, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  return await openFrontDoor({
    config: readConfig({ TRUSTED_DOCUMENTS_FILE: file, TRUSTED_DOCUMENTS_MODE: mode }),
  });
}

function manifestOf(listed: readonly unknown[]) {
  return { format: 'apollo-persisted-query-manifest', version: 1, operations: listed };
}

const persisted = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

describe('a trusted document', () => {
  it.each(['off', 'log', 'enforce'] as const)('runs by its ID in every form: %s', async (mode) => {
    const door = await open(mode);
    const asked = [
      { documentId: id },
      { documentId: `sha256:${id}` },
      persisted(id),
      { ...persisted(id), query: body },
      { query: body },
    ];
    const answers = await Promise.all(asked.map(async (each) => (await door.post(each)).json()));
    const added = await (await door.post({ documentId: 'increment-1' })).json();
    const got = await fetch(`${door.url}?documentId=${id}`, {
      headers: { 'apollo-require-preflight': 'true' },
    });
    const changed = await fetch(`${door.url}?documentId=increment-1`, {
      headers: { 'apollo-require-preflight': 'true' },
    });
    await door.close();

    expect(answers).toEqual(asked.map(() => ({ data: { hello: 'world' } })));
    expect(added).toEqual({ data: { increment: 1 } });
    expect(await got.json()).toEqual({ data: { hello: 'world' } });
    expect(changed.status).toBe(405);
  });
});

describe('any other operation', () => {
  it('is executed', async () => {
    const door = await open('off');
    const answer = await (await door.post(other)).json();
    await door.close();

    expect(answer).toEqual({ data: { half: 2 } });
    expect(door.logged).toEqual([]);
  });

  it('is executed and logged once, by its hash', async () => {
    const door = await open('log');
    await door.post(other);
    const answer = await (await door.post(other)).json();
    await door.close();

    expect(answer).toEqual({ data: { half: 2 } });
    expect(door.logged).toMatchObject([{ level: 40, documentHash: hash('sha256', other.query) }]);
    expect(JSON.stringify(door.logged)).not.toContain('half');
  });

  it.each([
    ['by its text', other],
    ['by an unknown id', { documentId: 'nothing' }],
    ['by an unknown hash', persisted('0'.repeat(64))],
    ['by its text under an unknown hash', { ...persisted('0'.repeat(64)), ...other }],
    ['introspection', { query: '{ __schema { types { name } } }' }],
    ['with a blank more', { query: `${body} ` }],
  ])('is refused where all must be known: %s', async (_name, asked) => {
    const door = await open('enforce');
    const failure = await failureOf(await door.post(asked));
    await door.close();

    expect(failure).toMatchObject({ status: 403, code: 'FORBIDDEN', data: undefined });
  });

  it('with an unknown ID gets an error that names it', async () => {
    const door = await open('log');
    const unknown = await failureOf(await door.post({ documentId: 'nothing' }));
    const hashed = await failureOf(await door.post(persisted('0'.repeat(64))));
    await door.close();

    expect(unknown).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    expect(unknown.message).toContain('documentId');
    // The words that make Apollo's clients send the text.
    expect(hashed.message).toBe('PersistedQueryNotFound');
  });
});

describe('a manifest', () => {
  it.each([
    ['{', 'It is not JSON.'],
    [{ format: 'relay', version: 1, operations: [] }, 'format'],
    [manifestOf([{ id: 'a' }]), 'operations.0.body'],
    [manifestOf([...operations, operations[0]]), `${id}: is listed twice`],
    [manifestOf([{ id: 'a', name: 'A', type: 'query', body: 'query A {' }]), 'a: Syntax Error'],
    [
      manifestOf([{ id: 'a', name: 'B', type: 'query', body: 'query A { hello }' }]),
      'a: its body is not the query B',
    ],
    [
      manifestOf([{ id: 'a', name: 'A', type: 'query', body: 'query A { hello } query B { hello }' }]),
      'one operation',
    ],
  ])('that is invalid keeps the server from starting: %j', async (manifest, message) => {
    await expect(open('log', manifest)).rejects.toThrow(message);
  });

  it('that is missing prevents the start', async () => {
    const config = readConfig({
      TRUSTED_DOCUMENTS_FILE: join(folder, 'nowhere'),
      TRUSTED_DOCUMENTS_MODE: 'log',
    });

    await expect(openFrontDoor({ config })).rejects.toThrow('ENOENT');
    expect(() => readConfig({ TRUSTED_DOCUMENTS_MODE: 'enforce' })).toThrow('TRUSTED_DOCUMENTS_FILE');
  });

  it('may contain operations of older clients, which are logged', async () => {
    const old = { id: 'old', name: 'Old', type: 'query', body: 'query Old { gone }' };
    const door = await open('enforce', manifestOf([...operations, old]));
    const failure = await failureOf(await door.post({ documentId: 'old' }));
    await door.close();

    expect(door.logged).toMatchObject([{ level: 40, id: 'old', name: 'Old' }]);
    expect(failure.code).toBe('BAD_USER_INPUT');
  });
});
