import { expect } from 'vitest';
import { CacheRegistry } from '../../src/caching/cache-registry.ts';
import { Cache } from '../../src/caching/cache.ts';
import type { Invalidation } from '../../src/caching/coherence/coherence.ts';
import { Generations } from '../../src/caching/shared/generations.ts';
import { TestClock } from './clock.ts';
import { settled } from './deferred.ts';
import { RemoteStore, RemoteTexts } from './remote-texts.ts';
import type { Random } from './seeded-random.ts';

interface Row {
  readonly writtenAt: number;
  readonly team: string;
}

type Heard = readonly Invalidation[] | { readonly epoch: string };

const keys = ['k0', 'k1', 'k2'];
const teams = ['red', 'blue'];

/** A process; the invalidations it has received, in commit order, may lag behind the commits. */
class ModelProcess {
  isTrusted = true;
  epoch = '1';
  readonly inbox: Heard[] = [];
  readonly generations: Generations;
  readonly cache: Cache<Row>;
  readonly registry: CacheRegistry;

  constructor(remote: RemoteTexts, delay: () => Promise<void>, clock: TestClock) {
    const store = new RemoteStore(remote, delay);
    this.generations = new Generations({
      store,
      namespace: 'model',
      coherence: this,
      pendingMax: 4,
      onError: () => {},
    });
    this.cache = new Cache<Row>({
      name: 'ROWS',
      ttlMs: 1000,
      negativeTtlMs: 500,
      staleMs: 0,
      entriesMax: 2,
      tagsOfKey: (key) => [`row:${key}`],
      tagsOfValue: (row) => [`team:${row.team}`],
      clock,
      trust: this,
      generations: this.generations,
    });
    this.registry = new CacheRegistry([this.cache], this.generations);
  }

  hearOne(): void {
    const heard = this.inbox.shift();
    if (heard === undefined) return;
    if ('epoch' in heard) this.epoch = heard.epoch;
    else this.registry.invalidated(heard);
  }
}

/**
 * Several processes over one store that may fail, lose everything or come back with old texts, checked
 * against the promise: a read that begins after a write was acknowledged never answers with anything older.
 */
export class SharedCacheModel {
  readonly seen = { answers: 0, sharedHits: 0, acknowledged: 0 };
  readonly #random: Random;
  readonly #remote = new RemoteTexts();
  readonly #clock = new TestClock();
  readonly #processes: readonly ModelProcess[];
  readonly #work: Promise<unknown>[] = [];
  readonly #waiting: (() => void)[] = [];
  /** Each key's rows, oldest first, each with the point at which it came to be. */
  readonly #history = new Map<string, { at: number; row: Row | null }[]>();
  readonly #acknowledged = new Map<string, number>();
  #point = 0;
  #epoch = 1;
  #isStoreFailing = false;
  #saved: ReadonlyMap<string, string> = new Map();

  constructor(random: Random) {
    this.#random = random;
    for (const key of keys) this.#history.set(key, [{ at: 0, row: { writtenAt: 0, team: 'red' } }]);
    this.#processes = [0, 1, 2].map(
      () => new ModelProcess(this.#remote, () => this.#storeDelay(), this.#clock),
    );
  }

  async step(): Promise<void> {
    const choice = this.#random.below(300);
    if (choice < 90) this.#read();
    else if (choice < 210) this.#continueOne();
    else if (choice < 246) this.#anyProcess().hearOne();
    else if (choice < 252) this.#work.push(this.#write());
    else if (choice < 253) this.#isStoreFailing = this.#random.below(4) === 0;
    else if (choice < 254) this.#loseSome();
    else if (choice < 258) this.#restartStore();
    else if (choice < 260) this.#work.push(this.#goDeaf());
    else if (choice < 264) this.#clock.advance(this.#random.below(100));
    // As if the memory cache had evicted its entries, so that more reads reach the store.
    else this.#anyProcess().cache.invalidateLocally('all');
    if (this.#random.below(3) > 0) await settled();
  }

  async finish(): Promise<void> {
    this.#isStoreFailing = false;
    const isOver = Promise.all(this.#work).then(() => true);
    while (!(await Promise.race([isOver, settled().then(() => false)]))) {
      this.#continueOne();
      for (const process of this.#processes) process.hearOne();
    }
    for (const { cache, generations } of this.#processes) {
      generations.stop();
      this.seen.sharedHits += cache.statistics().stores[1]?.hits ?? 0;
    }
  }

  #anyProcess(): ModelProcess {
    return this.#random.pick(this.#processes);
  }

  #read(): void {
    const wanted = Array.from({ length: 1 + this.#random.below(2) }, () => this.#random.pick(keys));
    const floors = new Map(this.#acknowledged);
    const reading = this.#anyProcess().cache.getMany(wanted, (missing) => this.#load(missing));
    this.#work.push(
      reading.then((rows) => {
        for (const [index, key] of wanted.entries()) this.#check(key, rows[index] ?? null, floors);
      }),
    );
  }

  #check(key: string, answer: Row | null, floors: ReadonlyMap<string, number>): void {
    const rows = this.#history.get(key) ?? [];
    const first = rows.findLastIndex(({ at }) => at <= (floors.get(key) ?? 0));
    const allowed = rows.slice(first).map(({ row }) => row?.writtenAt ?? null);
    expect(allowed, `the answer for ${key}`).toContain(answer?.writtenAt ?? null);
    this.seen.answers += 1;
  }

  async #load(missing: readonly string[]): Promise<ReadonlyMap<string, Row | null>> {
    await this.#delay();
    const rows = missing.map((key) => [key, this.#history.get(key)?.at(-1)?.row ?? null] as const);
    await this.#delay();
    return new Map(rows);
  }

  /** Commits, and acknowledges once all have heard and the store has confirmed, or its epoch is over. */
  async #write(): Promise<void> {
    const key = this.#random.pick(keys);
    const writer = this.#anyProcess();
    const before = this.#history.get(key)?.at(-1)?.row ?? null;
    this.#point += 1;
    const point = this.#point;
    const row = this.#random.below(5) === 0 ? null : { writtenAt: point, team: this.#random.pick(teams) };
    this.#history.get(key)?.push({ at: point, row });
    const isTold = row === null || before === null || this.#random.below(2) === 0;
    this.#tellAll(isTold ? [{ tag: `row:${key}` }] : teamsOf(before, row));
    await this.#untilHeard();
    if (!writer.isTrusted || !(await writer.generations.confirm())) await this.#raiseEpoch();
    this.#acknowledged.set(key, Math.max(point, this.#acknowledged.get(key) ?? 0));
    this.seen.acknowledged += 1;
  }

  async #raiseEpoch(): Promise<void> {
    this.#epoch += 1;
    this.#tellAll({ epoch: String(this.#epoch) });
    await this.#untilHeard();
  }

  #tellAll(heard: Heard): void {
    for (const process of this.#processes) if (process.isTrusted) process.inbox.push(heard);
  }

  async #untilHeard(): Promise<void> {
    const last = new Map(this.#processes.map((process) => [process, process.inbox.at(-1)]));
    const isBehind = (process: ModelProcess) => {
      const heard = last.get(process);
      return heard !== undefined && process.isTrusted && process.inbox.includes(heard);
    };
    while (this.#processes.some(isBehind)) await this.#park();
  }

  /** Loses its connection, and joins again: somebody vouches for the store, or its epoch is over. */
  async #goDeaf(): Promise<void> {
    const process = this.#anyProcess();
    if (!process.isTrusted) return;
    process.isTrusted = false;
    process.inbox.splice(0);
    for (let pause = 0; pause < 3; pause += 1) await this.#park();
    // From here on it hears what is committed, though it is not trusted yet.
    const voucher = this.#processes.find((other) => other !== process && other.isTrusted);
    const isVouched = voucher?.inbox.length === 0 && (await voucher.generations.confirm());
    if (!isVouched || !voucher.isTrusted) {
      this.#epoch += 1;
      this.#tellAll({ epoch: String(this.#epoch) });
    }
    process.epoch = String(this.#epoch);
    process.registry.onGap();
    process.isTrusted = true;
  }

  /** With what it had saved last, which may be older than what it has confirmed. */
  #restartStore(): void {
    if (this.#random.below(3) > 0) this.#saved = new Map(this.#remote.texts);
    else this.#remote.restartWith(this.#saved);
  }

  /** As a server that is full does, or one that was emptied. */
  #loseSome(): void {
    const isEmptied = this.#random.below(3) === 0;
    for (const key of this.#remote.texts.keys()) {
      if (isEmptied || this.#random.below(4) === 0) this.#remote.texts.delete(key);
    }
  }

  async #storeDelay(): Promise<void> {
    await this.#delay();
    if (this.#isStoreFailing && this.#random.below(2) === 0) throw new Error('the store is away');
  }

  /** Most delays end immediately, the others when the model reaches them. */
  async #delay(): Promise<void> {
    if (this.#random.below(6) === 0) await this.#park();
  }

  async #park(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #continueOne(): void {
    const [resolve] = this.#waiting.splice(this.#random.below(Math.max(1, this.#waiting.length)), 1);
    resolve?.();
  }
}

function teamsOf(...rows: readonly Row[]): Invalidation[] {
  return [...new Set(rows.map(({ team }) => team))].map((team) => ({ tag: `team:${team}` }));
}
