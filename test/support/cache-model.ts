import { expect, it } from 'vitest';
import type { CacheOptions } from '../../src/caching/cache-options.ts';
import type { Cache } from '../../src/caching/cache.ts';
import type { CacheStatistics, InvalidationTarget } from '../../src/caching/cache-report.ts';
import { TestClock } from './clock.ts';
import { settled } from './deferred.ts';
import { seededRandom, type Random } from './seeded-random.ts';

/** A row as it was at one point of its history; the source counts the points up with every write. */
interface Row {
  readonly key: string;
  readonly writtenAt: number;
  readonly team: string;
}

/** Makes the cache of one run; `delay` ends when the run comes to it. */
type MakeCache = (options: CacheOptions<Row>, delay: () => Promise<void>, random: Random) => Cache<Row>;

const keys = ['k0', 'k1', 'k2', 'k3', 'k4'];
const teams = ['red', 'green', 'blue'];

/**
 * A random interleaving of reads, slow loads, writes and invalidations, checked against the promise: a read
 * that began after an invalidation never answers with anything older than what the source held at that
 * invalidation.
 */
export function modelCacheOn(storeName: string, make: MakeCache, runs: number): void {
  it(`never answers with what was invalidated before the question, on ${storeName}`, async () => {
    const seen = { answers: 0, hits: 0, coalesced: 0 };
    for (let seed = 1; seed <= runs; seed += 1) {
      const model = new CacheModel(seed, make);
      for (let step = 0; step < 120; step += 1) await model.step();
      await model.finish();
      seen.answers += model.answersChecked;
      seen.hits += model.statistics.hits;
      seen.coalesced += model.statistics.coalesced;
    }
    // A model in which nothing is remembered or shared would always pass.
    expect(seen.answers).toBeGreaterThan(runs * 40);
    expect(seen.hits).toBeGreaterThan(runs * 5);
    expect(seen.coalesced).toBeGreaterThan(runs * 5);
  });
}

class CacheModel {
  answersChecked = 0;
  readonly #seed: number;
  readonly #random: Random;
  readonly #slowness: number;
  readonly #clock = new TestClock();
  readonly #cache: Cache<Row>;
  readonly #waiting: (() => void)[] = [];
  readonly #reads: Promise<void>[] = [];
  /**
   * Each key's rows, oldest first, each with the point at which it came to be; null: it was deleted there.
   */
  readonly #history = new Map<string, { at: number; row: Row | null }[]>();
  /** The last point at which each target was invalidated. */
  readonly #invalidatedAt = new Map<string, number>();
  #point = 0;

  constructor(seed: number, make: MakeCache) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#slowness = 1 + this.#random.below(6);
    for (const key of keys) this.#write(key);
    const options: CacheOptions<Row> = {
      name: 'ROWS',
      ttlMs: 1_000,
      negativeTtlMs: 500,
      entriesMax: 4,
      invalidationsMax: this.#random.below(2) === 0 ? 2 : 100,
      tagsOfKey: (key) => [`row:${key}`],
      tagsOfValue: (row) => [`team:${row.team}`],
      clock: this.#clock,
      random: () => this.#random.fraction(),
    };
    this.#cache = make(options, () => this.#wait(), this.#random);
  }

  get statistics(): CacheStatistics {
    return this.#cache.statistics();
  }

  async step(): Promise<void> {
    const choice = this.#random.below(20);
    if (choice < 7) this.#readSome();
    else if (choice < 15) this.#continueOne();
    else if (choice < 16) this.#write(this.#random.pick(keys));
    else if (choice < 18) this.#writeAndInvalidate();
    else if (choice < 19) this.#invalidate(this.#anyTarget());
    else this.#clock.advance(this.#random.below(700));
    // Sometimes the next step comes before what this one set off has run its course.
    if (this.#random.below(3) > 0) await settled();
  }

  async finish(): Promise<void> {
    await settled();
    while (this.#waiting.length > 0) {
      this.#continueOne();
      await settled();
    }
    await Promise.all(this.#reads);
  }

  #readSome(): void {
    const count = this.#random.below(4);
    const wanted = Array.from({ length: count }, () => this.#random.pick(keys));
    const floors = new Map(this.#invalidatedAt);
    const peeked = this.#cache.peekMany(wanted);
    if (peeked !== undefined) this.#checkAll(wanted, peeked, floors);
    const reading =
      count === 1
        ? Promise.all(
            wanted.map(async (key) =>
              this.#cache.get(key, async (one) => (await this.#load([one])).get(one) ?? null),
            ),
          )
        : this.#cache.getMany(wanted, (missing) => this.#load(missing));
    const read = reading.then(
      (answers) => this.#checkAll(wanted, answers, floors),
      (error: unknown) => expect(error).toMatchObject({ message: 'the source is away' }),
    );
    this.#reads.push(read);
  }

  /** Takes its picture of the source at some point between its beginning and its end. */
  async #load(wanted: readonly string[]): Promise<ReadonlyMap<string, Row | null>> {
    await this.#wait();
    if (this.#random.below(15) === 0) throw new Error('the source is away');
    const rows = wanted.map((key) => [key, this.#history.get(key)?.at(-1)?.row ?? null] as const);
    await this.#wait();
    return new Map(rows.filter(([, row]) => row !== null));
  }

  /** In some runs most waits end at once, in others few do; the rest end when the model comes to them. */
  async #wait(): Promise<void> {
    if (this.#random.below(10) >= this.#slowness) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #continueOne(): void {
    const [resolve] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
    resolve?.();
  }

  #write(key: string): void {
    this.#point += 1;
    const row =
      this.#random.below(5) === 0 ? null : { key, writtenAt: this.#point, team: this.#random.pick(teams) };
    const rows = this.#history.get(key) ?? [];
    this.#history.set(key, [...rows, { at: this.#point, row }]);
  }

  /** As a service does: the row's key, or the tags that it had and has. */
  #writeAndInvalidate(): void {
    const key = this.#random.pick(keys);
    const before = this.#history.get(key)?.at(-1)?.row ?? null;
    this.#write(key);
    const after = this.#history.get(key)?.at(-1)?.row ?? null;
    if (this.#random.below(2) === 0) this.#invalidate({ key });
    else for (const row of [before, after]) this.#invalidate({ tag: tagsOf(row, key)[0] ?? key });
  }

  #anyTarget(): InvalidationTarget {
    const choice = this.#random.below(8);
    if (choice === 0) return 'all';
    return choice < 4 ? { key: this.#random.pick(keys) } : { tag: `team:${this.#random.pick(teams)}` };
  }

  #invalidate(target: InvalidationTarget): void {
    this.#point += 1;
    this.#invalidatedAt.set(JSON.stringify(target), this.#point);
    this.#reads.push(this.#cache.invalidate(target).then(() => {}));
  }

  #checkAll(
    wanted: readonly string[],
    answers: readonly (Row | null)[],
    floors: ReadonlyMap<string, number>,
  ): void {
    expect(answers.length).toBe(wanted.length);
    for (const [index, key] of wanted.entries()) this.#check(key, answers[index] ?? null, floors);
  }

  /**
   * The answer must be one that the source gave at or after every invalidation that ended the ones before.
   */
  #check(key: string, answer: Row | null, floors: ReadonlyMap<string, number>): void {
    const targets: InvalidationTarget[] = ['all', { key }, ...tagsOf(answer, key).map((tag) => ({ tag }))];
    const floor = Math.max(0, ...targets.map((target) => floors.get(JSON.stringify(target)) ?? 0));
    const rows = this.#history.get(key) ?? [];
    const firstAllowed = rows.findLastIndex(({ at }) => at <= floor);
    const allowed = rows.slice(Math.max(0, firstAllowed)).map(({ row }) => row?.writtenAt ?? null);
    expect(allowed, `seed ${this.#seed}: the answer for ${key} after point ${floor}`).toContain(
      answer?.writtenAt ?? null,
    );
    this.answersChecked += 1;
  }
}

function tagsOf(row: Row | null, key: string): readonly string[] {
  return row === null ? [`row:${key}`] : [`team:${row.team}`, `row:${key}`];
}
