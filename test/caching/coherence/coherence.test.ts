import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinCoherence, startCoherence, untilTrusted } from '../../support/coherence.ts';
import { CleanUps } from '../../support/embedded.ts';
import { createTestDatabase, execute } from '../../support/postgres.ts';

const cleanUps = new CleanUps();
let url: string;

beforeEach(async () => {
  const database = await createTestDatabase();
  url = database.url;
  cleanUps.add(() => database.drop());
});
afterEach(() => cleanUps.run());

const announce = (...names: string[]) =>
  execute(url, `select announce_invalidations(array[${names.map((name) => `'${name}'`).join(',')}])`);

describe('a process', () => {
  it('uses its caches once it receives notifications and has cleared its memory', async () => {
    const { coherence, told } = startCoherence(cleanUps, url);
    expect(coherence.isTrusted).toBe(false);
    await untilTrusted(coherence);

    expect(told).toEqual([null]);
  });

  it('has received, after its own barrier, every earlier announcement', async () => {
    const { coherence, told } = await joinCoherence(cleanUps, url);
    await announce('tag:user:ann', 'cache:MODELS', 'key:PROFILES:tenant:a:user:b');

    expect(await coherence.waitForInvalidation()).toBe(true);
    expect(new Set(told.flat())).toEqual(
      new Set([{ tag: 'user:ann' }, { cache: 'MODELS' }, { cache: 'PROFILES', key: 'tenant:a:user:b' }]),
    );
  });

  it('treats unnamed and unknown announcements as "everything"', async () => {
    const { coherence, told } = await joinCoherence(cleanUps, url);
    await execute(url, 'truncate models cascade');
    await announce('tag:user:ann', 'new:kind');
    await execute(url, `select pg_notify('parley_cache', 'nonsense')`);
    await coherence.waitForInvalidation();

    expect(told.flat()).toEqual(
      expect.arrayContaining([{ everything: true }, { tag: 'user:ann' }, { everything: true }]),
    );
    expect(told.flat().filter((each) => each !== null && 'everything' in each)).toHaveLength(3);
  });

  it('has confirmations of all others after its barrier', async () => {
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => joinCoherence(cleanUps, url)));
    for (let count = 1; count <= 50; count += 1) {
      await announce(`tag:user:${count}`);

      expect(await one?.coherence.waitForInvalidation()).toBe(true);
      expect([two, three].map((process) => process?.told.at(-1))).toEqual([
        [{ tag: `user:${count}` }],
        [{ tag: `user:${count}` }],
      ]);
    }
  });
});
