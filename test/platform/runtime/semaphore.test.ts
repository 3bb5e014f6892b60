import { expect, it } from 'vitest';
import { Unavailable } from '../../../src/platform/errors.ts';
import { Turns } from '../../../src/platform/runtime/semaphore.ts';
import { deferred, settled } from '../../support/deferred.ts';

it('lets so many works go on at once, and the others in the order in which they came', async () => {
  const turns = new Turns({ atOnceMax: 2, waitingMax: 10 });
  const begun: number[] = [];
  const works = [0, 1, 2, 3].map((number) => ({ number, ...deferred<number>() }));
  const results = works.map(({ number, promise }) =>
    turns.take(async () => {
      begun.push(number);
      return promise;
    }),
  );
  await settled();
  expect(begun).toEqual([0, 1]);

  works[1]?.resolve(10);
  await settled();
  expect(begun).toEqual([0, 1, 2]);

  works[0]?.reject(new Error('broken'));
  await expect(results[0]).rejects.toThrow('broken');
  await settled();
  expect(begun).toEqual([0, 1, 2, 3]);

  works[2]?.resolve(20);
  works[3]?.resolve(30);
  expect(await Promise.all(results.slice(1))).toEqual([10, 20, 30]);
});

it('refuses those for whom there is no place to wait', async () => {
  const turns = new Turns({ atOnceMax: 1, waitingMax: 1 });
  const work = deferred<string>();
  const first = turns.take(() => work.promise);
  const second = turns.take(async () => 'second');

  await expect(turns.take(async () => 'third')).rejects.toThrow(Unavailable);
  work.resolve('first');
  expect(await Promise.all([first, second])).toEqual(['first', 'second']);
  expect(await turns.take(async () => 'later')).toBe('later');
});
