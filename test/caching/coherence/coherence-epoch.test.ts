import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinCoherence, startCoherence, untilRejoined, untilTrusted } from '../../support/coherence.ts';
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

const join = () => joinCoherence(cleanUps, url);

describe('the content of a shared store', () => {
  it('is invalidated by the first process, because no process received earlier invalidations', async () => {
    const first = await join();
    const { epoch } = first.coherence;
    await first.coherence.stop();
    const second = await join();

    expect(second.coherence.epoch).not.toBeNull();
    expect(second.coherence.epoch).not.toBe(epoch);
  });

  it('is kept when a member has received everything and confirms', async () => {
    const first = await join();
    const { epoch } = first.coherence;
    const second = await join();

    expect([first.coherence.epoch, second.coherence.epoch]).toEqual([epoch, epoch]);
  });

  it('is invalidated when the store has not confirmed to the only member', async () => {
    const first = await join();
    const { epoch } = first.coherence;
    first.coherence.share({ confirmClean: async () => null, confirmedClean: () => {} });
    const second = await join();
    await second.coherence.waitForInvalidation();

    expect(first.coherence.epoch).not.toBe(epoch);
    expect(second.coherence.epoch).toBe(first.coherence.epoch);
  });

  it('is kept when one of several members confirms', async () => {
    const [doubtful, sure] = [await join(), await join()];
    const { epoch } = sure.coherence;
    doubtful.coherence.share({ confirmClean: async () => null, confirmedClean: () => {} });

    expect((await join()).coherence.epoch).toBe(epoch);
  });

  it('is invalidated when all members lost their connections simultaneously', async () => {
    const [one, two] = await Promise.all([join(), join()]);
    const { epoch } = one.coherence;
    await execute(
      url,
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'parley coherence' and datname = current_database()`,
    );
    await Promise.all([untilRejoined(one.coherence), untilRejoined(two.coherence)]);
    await one.coherence.waitForInvalidation();

    expect(one.coherence.epoch).not.toBe(epoch);
    expect(two.coherence.epoch).toBe(one.coherence.epoch);
  });

  it('is not read while a member may exist that knows of invalidations', async () => {
    await execute(url, `insert into cache_processes values (gen_random_uuid(), now() + interval '800 ms')`);
    const startedAt = performance.now();
    const { coherence } = startCoherence(cleanUps, url);
    await untilTrusted(coherence);

    expect(performance.now() - startedAt).toBeGreaterThan(400);
    expect(await execute(url, 'select epoch from cache_epoch')).toEqual([{ epoch: 2 }]);
  });

  it('is invalidated with all memory when the table was restored from a dump under a running process', async () => {
    const { coherence, told } = await join();
    const { epoch } = coherence;
    // As `pg_restore --clean` does: the row is the same, the table another.
    await execute(
      url,
      `begin; create table restored (like cache_epoch including all); insert into restored select * from cache_epoch;
       drop table cache_epoch; alter table restored rename to cache_epoch; commit`,
    );
    await untilRejoined(coherence);
    await untilTrusted(coherence);

    expect(told).toContain(null);
    expect(coherence.epoch).not.toBe(epoch);
  });

  it('is invalidated with all memory when only the row was restored', async () => {
    const { coherence, told } = await join();
    const { epoch } = coherence;
    await execute(url, 'update cache_epoch set token = token');
    await untilRejoined(coherence);
    await untilTrusted(coherence);

    expect(told).toContain(null);
    expect(coherence.epoch).not.toBe(epoch);
  });
});
