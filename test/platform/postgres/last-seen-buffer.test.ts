import { describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { Sightings, type Sighting } from '../../../src/platform/postgres/last-seen-buffer.ts';
import { TestClock } from '../../support/clock.ts';
import { deferred } from '../../support/deferred.ts';

function someSightings({ waitingMax = 100 } = {}) {
  const clock = new TestClock(0);
  const write = vi.fn(async (_sightings: readonly Sighting[]) => {});
  const logger = createLogger({ level: 'silent' });
  const warn = vi.spyOn(logger, 'warn');
  const sightings = new Sightings({ name: 'things', write, clock, logger, waitingMax });
  const written = () =>
    write.mock.calls.map(([batch]) => batch.map(({ id, at }) => `${id}@${at.getTime() / 1000}`));
  return { clock, sightings, warn, write, written };
}

describe('sightings', () => {
  it('are written together, each with the last time', async () => {
    const { clock, sightings, written } = someSightings();
    sightings.note('tenant', 'a');
    sightings.note('tenant', 'b');
    clock.advance(5000);
    sightings.note('tenant', 'a');
    await sightings.flush();
    await sightings.flush();

    expect(written()).toEqual([['a@5', 'b@0']]);
  });

  it('of one thing are written once a minute at most, and the last one is not lost', async () => {
    const { clock, sightings, written } = someSightings();
    for (let second = 0; second <= 90; second += 1) {
      sightings.note('tenant', 'a');
      if (second % 10 === 0) await sightings.flush();
      clock.advance(1000);
    }
    expect(written()).toEqual([['a@0'], ['a@60']]);

    clock.advance(29_000);
    await sightings.flush();
    expect(written()).toEqual([['a@0'], ['a@60'], ['a@90']]);
  });

  it('that could not be written wait for the next time', async () => {
    const { clock, sightings, warn, write, written } = someSightings();
    write.mockRejectedValueOnce(new Error('away'));
    sightings.note('tenant', 'a');
    await sightings.flush();
    clock.advance(1000);
    sightings.note('tenant', 'b');
    await sightings.flush();

    expect(written()).toEqual([['a@0'], ['a@0', 'b@1']]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('that come in while others are written are not lost', async () => {
    const { clock, sightings, write, written } = someSightings();
    const writing = deferred<undefined>();
    write.mockImplementationOnce(() => writing.promise);
    sightings.note('tenant', 'a');
    const flushed = sightings.flush();
    await vi.waitFor(() => expect(write).toHaveBeenCalledTimes(1));
    clock.advance(1000);
    sightings.note('tenant', 'a');
    const both = Promise.all([sightings.flush({ all: true }), sightings.flush({ all: true })]);
    writing.resolve(undefined);
    await Promise.all([flushed, both]);

    expect(written()).toEqual([['a@0'], ['a@1']]);
  });

  it('take a bounded room, also while nothing can be written', async () => {
    const { sightings, warn, write, written } = someSightings({ waitingMax: 2 });
    write.mockRejectedValueOnce(new Error('away'));
    for (const id of ['a', 'b', 'c', 'd']) sightings.note('tenant', id);
    await sightings.flush();
    await sightings.flush();
    sightings.note('tenant', 'c');
    await sightings.flush();

    expect(written()).toEqual([['a@0', 'b@0'], ['a@0', 'b@0'], ['c@0']]);
    expect(warn).toHaveBeenCalledWith({ missed: 2 }, 'too many things were seen at once to note them all');
  });

  it('are written once more when it is over, however soon after the last time', async () => {
    const { clock, sightings, written } = someSightings();
    const stop = sightings.start(1_000_000);
    sightings.note('tenant', 'a');
    await sightings.flush();
    clock.advance(1000);
    sightings.note('tenant', 'a');
    await stop();

    expect(written()).toEqual([['a@0'], ['a@1']]);
  });

  it('are written by themselves every so often', async () => {
    const { sightings, written } = someSightings();
    const stop = sightings.start(5);
    sightings.note('tenant', 'a');
    await vi.waitFor(() => expect(written()).toEqual([['a@0']]));
    await stop();
  });
});
