import { describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { LastSeenBuffer, type LastSeen } from '../../../src/platform/postgres/last-seen-buffer.ts';
import { TestClock } from '../../support/clock.ts';
import { deferred } from '../../support/deferred.ts';

function someSightings({ waitingMax = 100 } = {}) {
  const clock = new TestClock(0);
  const write = vi.fn(async (_sightings: readonly LastSeen[]) => {});
  const logger = createLogger({ level: 'silent' });
  const warn = vi.spyOn(logger, 'warn');
  const lastSeen = new LastSeenBuffer({ name: 'things', write, clock, logger, waitingMax });
  const written = () =>
    write.mock.calls.map(([batch]) => batch.map(({ id, at }) => `${id}@${at.getTime() / 1000}`));
  return { clock, lastSeen, warn, write, written };
}

describe('lastSeen', () => {
  it('are written together, each with the latest time', async () => {
    const { clock, lastSeen, written } = someSightings();
    lastSeen.note('tenant', 'a');
    lastSeen.note('tenant', 'b');
    clock.advance(5000);
    lastSeen.note('tenant', 'a');
    await lastSeen.flush();
    await lastSeen.flush();

    expect(written()).toEqual([['a@5', 'b@0']]);
  });

  it('of one object are written once a minute at most, and the last one is kept', async () => {
    const { clock, lastSeen, written } = someSightings();
    for (let second = 0; second <= 90; second += 1) {
      lastSeen.note('tenant', 'a');
      if (second % 10 === 0) await lastSeen.flush();
      clock.advance(1000);
    }
    expect(written()).toEqual([['a@0'], ['a@60']]);

    clock.advance(29_000);
    await lastSeen.flush();
    expect(written()).toEqual([['a@0'], ['a@60'], ['a@90']]);
  });

  it('that could not be written are retried', async () => {
    const { clock, lastSeen, warn, write, written } = someSightings();
    write.mockRejectedValueOnce(new Error('away'));
    lastSeen.note('tenant', 'a');
    await lastSeen.flush();
    clock.advance(1000);
    lastSeen.note('tenant', 'b');
    await lastSeen.flush();

    expect(written()).toEqual([['a@0'], ['a@0', 'b@1']]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('that arrive during a write are kept', async () => {
    const { clock, lastSeen, write, written } = someSightings();
    const writing = deferred<undefined>();
    write.mockImplementationOnce(() => writing.promise);
    lastSeen.note('tenant', 'a');
    const flushed = lastSeen.flush();
    await vi.waitFor(() => expect(write).toHaveBeenCalledTimes(1));
    clock.advance(1000);
    lastSeen.note('tenant', 'a');
    const both = Promise.all([lastSeen.flush({ all: true }), lastSeen.flush({ all: true })]);
    writing.resolve(undefined);
    await Promise.all([flushed, both]);

    expect(written()).toEqual([['a@0'], ['a@1']]);
  });

  it('use bounded memory, also while writes fail', async () => {
    const { lastSeen, warn, write, written } = someSightings({ waitingMax: 2 });
    write.mockRejectedValueOnce(new Error('away'));
    for (const id of ['a', 'b', 'c', 'd']) lastSeen.note('tenant', id);
    await lastSeen.flush();
    await lastSeen.flush();
    lastSeen.note('tenant', 'c');
    await lastSeen.flush();

    expect(written()).toEqual([['a@0', 'b@0'], ['a@0', 'b@0'], ['c@0']]);
    expect(warn).toHaveBeenCalledWith({ missed: 2 }, 'dropped last-seen times of things: the buffer is full');
  });

  it('are written at shutdown, however soon after the last write', async () => {
    const { clock, lastSeen, written } = someSightings();
    const stop = lastSeen.start(1_000_000);
    lastSeen.note('tenant', 'a');
    await lastSeen.flush();
    clock.advance(1000);
    lastSeen.note('tenant', 'a');
    await stop();

    expect(written()).toEqual([['a@0'], ['a@1']]);
  });

  it('are written periodically', async () => {
    const { lastSeen, written } = someSightings();
    const stop = lastSeen.start(5);
    lastSeen.note('tenant', 'a');
    await vi.waitFor(() => expect(written()).toEqual([['a@0']]));
    await stop();
  });
});
