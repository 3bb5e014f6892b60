import { setTimeout as delay } from 'node:timers/promises';
import { Unavailable } from '../platform/errors.ts';
import type { EventBatch, EventStream } from '../platform/runtime/event-stream.ts';
import { toApiError } from '../platform/postgres/database-errors.ts';

/** A reader's place in a topic. */
export interface Watch<Place> {
  readonly topic: string;
  /** The user whose rights apply to each read. */
  readonly reader: Reader;
  readonly place: Place;
}

/** A reader as far as rights depend on it. */
interface Reader {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: string;
}

/** The events after a place, or the reason why the reader gets none. */
export type FeedAnswer<Place, Event> =
  | {
      readonly events: readonly Event[];
      /** The place after the events. */
      readonly place: Place;
      /** False if more events follow. */
      readonly isComplete: boolean;
    }
  | { readonly error: Error };

/** The database of a feed. */
export interface FeedSource<Place, Event> {
  /** Reads what follows each place, in one statement for all, with the rights of the moment. */
  read(watches: readonly Watch<Place>[]): Promise<readonly FeedAnswer<Place, Event>[]>;
  /** Finds the newest place of each topic, in the order of the topics; null for a topic that is gone. */
  heads(topics: readonly Topic[]): Promise<readonly (Place | null)[]>;
  isSamePlace(one: Place, other: Place): boolean;
}

/** A topic of a tenant. */
export interface Topic {
  readonly tenantId: string;
  readonly topic: string;
}

/** The longest list of watches that one statement reads. */
const batchMax = 1000;
/** The pause after a failed read, in milliseconds. */
const retryMs = 250;

/**
 * Streams of what happens in topics. A hint says only that a topic has moved; what happened is read from the
 * database by place, so that a lost hint makes an event late and never loses it.
 */
export class Feed<Place, Event> {
  /** Counts since the start. */
  readonly counts = { events: 0, lostHints: 0, reads: 0 };
  readonly #source: FeedSource<Place, Event>;
  readonly #watchersByTopic = new Map<string, Set<Watcher<Place, Event>>>();
  readonly #stopping = new AbortController();
  #pending: PendingRead<Place, Event>[] = [];
  #isReading = false;

  constructor(source: FeedSource<Place, Event>) {
    this.#source = source;
  }

  /** The number of streams that are open. */
  get size(): number {
    let size = 0;
    for (const watchers of this.#watchersByTopic.values()) size += watchers.size;
    return size;
  }

  /** Opens a stream of all that follows a place. */
  watch(start: Watch<Place>): EventStream<Event> {
    const watcher = new Watcher(start, {
      read: (watch) => this.#read(watch),
      onClose: () => this.#remove(watcher),
    });
    const watchers = this.#watchersByTopic.get(start.topic) ?? new Set();
    this.#watchersByTopic.set(start.topic, watchers);
    watchers.add(watcher);
    return watcher;
  }

  /** Wakes the streams of a topic that has moved. */
  wake(topic: string): void {
    for (const watcher of this.#watchersByTopic.get(topic) ?? []) watcher.wake();
  }

  /** Wakes all streams: hints may have been lost. */
  wakeAll(): void {
    for (const topic of this.#watchersByTopic.keys()) this.wake(topic);
  }

  /**
   * Wakes the streams that are behind their topics, also if hints were lost. @throws Error of the database
   */
  async check(): Promise<void> {
    const topics = [...this.#watchersByTopic].flatMap(([topic, [watcher]]) =>
      watcher === undefined ? [] : [{ topic, tenantId: watcher.watch.reader.tenantId }],
    );
    for (let start = 0; start < topics.length; start += batchMax) {
      const batch = topics.slice(start, start + batchMax);
      const heads = await this.#source.heads(batch);
      for (const [index, { topic }] of batch.entries()) this.#wakeIfBehind(topic, heads[index] ?? null);
    }
  }

  /** Ends all streams. */
  stop(): void {
    this.#stopping.abort();
    for (const watchers of this.#watchersByTopic.values()) for (const watcher of watchers) watcher.close();
  }

  #wakeIfBehind(topic: string, head: Place | null): void {
    for (const watcher of this.#watchersByTopic.get(topic) ?? []) {
      if (watcher.isAwake) continue;
      if (head !== null && this.#source.isSamePlace(watcher.watch.place, head)) continue;
      this.counts.lostHints += 1;
      watcher.wake();
    }
  }

  #remove(watcher: Watcher<Place, Event>): void {
    const { topic } = watcher.watch;
    const watchers = this.#watchersByTopic.get(topic);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#watchersByTopic.delete(topic);
  }

  #read(watch: Watch<Place>): Promise<FeedAnswer<Place, Event>> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ watch, resolve, reject });
      if (!this.#isReading) void this.#readPending();
    });
  }

  /** Sends one statement at a time: reads that come meanwhile share the next. */
  async #readPending(): Promise<void> {
    this.#isReading = true;
    // All that one hint wakes are read together.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, batchMax);
      try {
        const answers = await this.#readWhenAvailable(batch.map(({ watch }) => watch));
        this.counts.events += answers.reduce((sum, answer) => sum + eventCountOf(answer), 0);
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] ?? { error: missing() });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isReading = false;
  }

  /** A restart of the database makes events late. */
  async #readWhenAvailable(watches: readonly Watch<Place>[]): Promise<readonly FeedAnswer<Place, Event>[]> {
    const { signal } = this.#stopping;
    for (;;) {
      try {
        this.counts.reads += 1;
        return await this.#source.read(watches);
      } catch (error) {
        if (!(toApiError(error) instanceof Unavailable) || signal.aborted) throw error;
        await delay(retryMs, null, { signal }).catch(() => null);
      }
    }
  }
}

function eventCountOf(answer: FeedAnswer<unknown, unknown>): number {
  return 'events' in answer ? answer.events.length : 0;
}

function missing(): Error {
  return new Error('The read of a feed has no answer for one of its places.');
}

interface PendingRead<Place, Event> {
  readonly watch: Watch<Place>;
  readonly resolve: (answer: FeedAnswer<Place, Event>) => void;
  readonly reject: (error: unknown) => void;
}

interface WatcherOptions<Place, Event> {
  readonly read: (watch: Watch<Place>) => Promise<FeedAnswer<Place, Event>>;
  readonly onClose: () => void;
}

/** A place and whether something may follow it: a stream holds no events. */
class Watcher<Place, Event> implements EventStream<Event> {
  watch: Watch<Place>;
  readonly #options: WatcherOptions<Place, Event>;
  #hasMoved = true;
  #isBehind = true;
  #isClosed = false;
  #wakeUp: (() => void) | null = null;

  constructor(watch: Watch<Place>, options: WatcherOptions<Place, Event>) {
    this.watch = watch;
    this.#options = options;
  }

  /** True from a hint until its read. */
  get isAwake(): boolean {
    return this.#hasMoved;
  }

  wake(): void {
    this.#hasMoved = true;
    this.#wakeUp?.();
    this.#wakeUp = null;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onClose();
    this.wake();
  }

  async next(): Promise<EventBatch<Event> | null> {
    while (!this.#isClosed) {
      if (!this.#hasMoved) {
        await new Promise<void>((resolve) => (this.#wakeUp = resolve));
        continue;
      }
      this.#hasMoved = false;
      const answer = await this.#options.read(this.watch);
      if (this.#isClosed) return null;
      if ('error' in answer) {
        this.close();
        throw answer.error;
      }
      this.watch = { ...this.watch, place: answer.place };
      if (!answer.isComplete) this.#hasMoved = true;
      const isCaughtUp = this.#isBehind && answer.isComplete;
      if (isCaughtUp) this.#isBehind = false;
      if (answer.events.length > 0 || isCaughtUp) return { events: answer.events, isCaughtUp };
    }
    return null;
  }
}
