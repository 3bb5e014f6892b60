import { expect, it } from 'vitest';
import { InvalidationLog } from '../../../src/caching/memory/invalidation-log.ts';

it('invalidation log: overtakes reads from before the invalidation of one of their tags, and no others', () => {
  const log = new InvalidationLog({ tagsMax: 10 });
  log.append('a');
  const readAt = log.sequence;
  log.append('b');

  expect(log.hasOvertaken(['a'], readAt)).toBe(false);
  expect(log.hasOvertaken(['a', 'b'], readAt)).toBe(true);
  expect(log.hasOvertaken(['b'], log.sequence)).toBe(false);
  expect(log.hasOvertaken([], readAt)).toBe(false);
});

it('invalidation log: an invalidation of everything overtakes all earlier reads', () => {
  const log = new InvalidationLog({ tagsMax: 10 });
  const readAt = log.sequence;
  log.appendAll();

  expect(log.hasOvertaken([], readAt)).toBe(true);
  expect(log.hasOvertaken(['a'], log.sequence)).toBe(false);
});

it('invalidation log: drops the oldest invalidation first, however often it is looked up', () => {
  const log = new InvalidationLog({ tagsMax: 2 });
  log.append('old');
  const readAt = log.sequence;
  log.append('recent');
  log.hasOvertaken(['old'], readAt);
  log.append('newest');

  expect(log.hasOvertaken(['valid'], readAt)).toBe(false);
  expect(log.hasOvertaken(['valid'], readAt - 1)).toBe(true);
});

it('invalidation log: a dropped invalidation still overtakes earlier reads', () => {
  const log = new InvalidationLog({ tagsMax: 1 });
  const readAt = log.sequence;
  log.append('a');
  log.append('b');

  expect(log.hasOvertaken(['a'], readAt)).toBe(true);
});

it('invalidation log: long tags are dropped earlier, so that 2 MiB hold them', () => {
  const log = new InvalidationLog({ tagsMax: 10_000 });
  const long = 'x'.repeat(5000);
  log.append('first');
  const readAt = log.sequence;
  for (let index = 0; index < 210; index += 1) log.append(`${index}${long}`);

  expect(log.hasOvertaken(['valid'], readAt)).toBe(true);
  expect(log.hasOvertaken(['valid'], log.sequence - 200)).toBe(false);
});

it('invalidation log: a tag that exceeds the log alone overtakes everything', () => {
  const log = new InvalidationLog({ tagsMax: 10 });
  const readAt = log.sequence;
  log.append('x'.repeat(2_000_000));

  expect(log.hasOvertaken(['valid'], readAt)).toBe(true);
});
