import { setImmediate as turnsEnd } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { ResponseBatcher } from '../../../src/server/graphql/graphql-response.ts';

let now = 1000;
const sent: string[] = [];
const putAll = (batcher: ResponseBatcher<string>, names: readonly string[]) => {
  for (const name of names) batcher.put(name);
};

afterEach(() => void sent.splice(0));

it("response batcher: sends the responses of one turn together, in order, after the turn's other work", async () => {
  const batcher = new ResponseBatcher<string>((name) => void sent.push(name), { now: () => now });
  putAll(batcher, ['a', 'b']);
  await Promise.resolve();
  putAll(batcher, ['c']);
  expect(sent).toEqual([]);

  await turnsEnd();
  expect(sent).toEqual(['a', 'b', 'c']);

  putAll(batcher, ['d']);
  expect(sent).toHaveLength(3);
  await turnsEnd();
  expect(sent).toEqual(['a', 'b', 'c', 'd']);
});

it('response batcher: does not wait for long work of others', async () => {
  const batcher = new ResponseBatcher<string>((name) => void sent.push(name), { now: () => now });
  putAll(batcher, ['a']);
  now += 0.9;
  putAll(batcher, ['b']);
  expect(sent).toEqual([]);
  now += 0.2;
  putAll(batcher, ['c']);
  expect(sent).toEqual(['a', 'b', 'c']);

  // The time starts again with the next response.
  putAll(batcher, ['d']);
  expect(sent).toHaveLength(3);
  await turnsEnd();
  expect(sent).toEqual(['a', 'b', 'c', 'd']);
});

it('response batcher: sends all others when one fails, and reports that one', async () => {
  const write = (name: string) => {
    if (name === 'broken') throw new Error('not sent');
    sent.push(name);
  };
  const batcher = new ResponseBatcher(write, { now: () => now });
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const reported = new Promise((resolve) => process.once('uncaughtException', resolve));
  putAll(batcher, ['a']);
  putAll(batcher, ['broken']);
  now += 2;
  putAll(batcher, ['b']);
  expect(sent).toEqual(['a', 'b']);

  expect(await reported).toMatchObject({ message: 'not sent' });
  for (const listener of listeners) process.on('uncaughtException', listener);
});
