import { expect, it } from 'vitest';
import { Unavailable } from '../../../src/platform/errors.ts';
import { Semaphore } from '../../../src/platform/runtime/semaphore.ts';
import { deferred, settled } from '../../support/deferred.ts';

it('semaphore: works beyond the bound wait and run in their order of arrival, also after a failure', async () => {
  const semaphore = new Semaphore({ concurrencyMax: 2, queueMax: 10 });
  const begun: number[] = [];
  const works = [0, 1, 2, 3].map((number) => ({ number, ...deferred<number>() }));
  const results = works.map(({ number, promise }) =>
    semaphore.run(async () => {
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

it('semaphore: a work is rejected as unavailable while the queue is full', async () => {
  const semaphore = new Semaphore({ concurrencyMax: 1, queueMax: 1 });
  const work = deferred<string>();
  const first = semaphore.run(() => work.promise);
  const second = semaphore.run(async () => 'second');

  await expect(semaphore.run(async () => 'third')).rejects.toThrow(Unavailable);
  work.resolve('first');
  expect(await Promise.all([first, second])).toEqual(['first', 'second']);
  expect(await semaphore.run(async () => 'later')).toBe('later');
});
