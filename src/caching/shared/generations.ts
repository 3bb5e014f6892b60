import { randomUUID } from 'node:crypto';
import type { Invalidation, SharedStore } from '../coherence/coherence.ts';
import { StoreUnavailable, type KeyValueStore, type StoreSession } from '../key-value-store.ts';
import { isNamedTag, tagOf, clockTag } from './tags.ts';
import { PendingTags } from './pending-tags.ts';

interface GenerationsOptions {
  readonly store: KeyValueStore;
  /** Prefix of all keys, so that several deployments can share a store. */
  readonly namespace: string;
  readonly coherence: { readonly epoch: string | null };
  readonly onError: (error: unknown) => void;
  /**
   * Bound of the tags that wait for the store's confirmation; beyond it everything in the store is
   * invalidated.
   */
  readonly pendingMax?: number;
}

/** The part of the store that holds the current entries and generations. */
export interface KeySpace {
  readonly session: StoreSession;
  /** Prefix of its keys. */
  readonly prefix: string;
}

/** Generations by tag. */
export type GenerationByTag = ReadonlyMap<string, string>;

const newbornTtlMs = 60_000;
const generationTtlMs = 24 * 3_600_000;
const chunkSize = 500;
const retryMs = 100;

// One small write invalidates any number of entries, including those that are being loaded. Every process
// that receives an invalidation sets a new generation, and until the store confirms, reads no entry with that
// tag from the store. Generations are random, not agreed upon: if two processes set the same one, an entry
// that was written between the two would become valid again.

/**
 * Invalidation in a store that several processes share. A tag has a random generation under an own key; an
 * entry holds the generations that its tags had before its value was loaded, and is valid only while they are
 * unchanged.
 */
export class Generations implements SharedStore {
  readonly #options: GenerationsOptions;
  readonly #pending: PendingTags;
  /** The server in which everything but the pending tags is invalidated; null before the first use. */
  #incarnation: string | null = null;
  #setting: Promise<boolean> | null = null;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: GenerationsOptions) {
    this.#options = options;
    this.#pending = new PendingTags({ sizeMax: options.pendingMax ?? 10_000 });
  }

  /**
   * Null while the store is unavailable. Entries of an earlier epoch, or of another incarnation
   * of the server, are never found: a server that starts from an old snapshot restores entries together with
   * their generations.
   */
  get keySpace(): KeySpace | null {
    const { store, namespace, coherence } = this.#options;
    const { session } = store;
    // Without a connection to the database the epoch is unknown, and generations would be set in an unused
    // key space.
    if (session === null || coherence.epoch === null) return null;
    this.#enter(session.incarnation);
    return { session, prefix: `${namespace}:${coherence.epoch}:${session.incarnation}:` };
  }

  /** Returns a test for tags that were invalidated before the call but not yet confirmed by the store. */
  pendingNow(): (tags: readonly string[]) => boolean {
    return this.#pending.snapshot();
  }

  /** Takes effect immediately in this process; the store is updated in the background until it confirms. */
  invalidate(invalidations: readonly Invalidation[]): void {
    for (const invalidation of invalidations) this.#pending.add(tagOf(invalidation));
    void this.#set();
  }

  async confirm(): Promise<boolean> {
    const { sequence } = this.#pending;
    // Twice at most: a write in flight may have begun before the newest invalidation.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      if (this.#pending.upTo(sequence, 1).length === 0) return true;
      if (!(await this.#set())) return false;
    }
    return this.#pending.upTo(sequence, 1).length === 0;
  }

  async confirmClean(): Promise<string | null> {
    const incarnation = this.#incarnation;
    const isConfirmed = await this.confirm();
    // After a change of servers it is unknown which of the two has confirmed.
    return isConfirmed && incarnation === this.#incarnation ? this.#keySpaceName(incarnation ?? '') : null;
  }

  confirmedClean(keySpaces: readonly string[]): void {
    const ownKeySpaces = keySpaces.filter((keySpace) => keySpace.startsWith(this.#keySpaceName('')));
    const [incarnation] = ownKeySpaces.map((keySpace) => keySpace.slice(this.#keySpaceName('').length));
    // The confirming process does not use this store, so that the missed invalidations are not set in it.
    if (incarnation === undefined) this.invalidate([{ everything: true }]);
    // An empty incarnation comes from a process that never used the store: nothing was invalidated in this
    // epoch.
    else if (incarnation !== '') this.#incarnation = incarnation;
  }

  /** Stops writing to the store. */
  stop(): void {
    this.#pending.clear();
    clearTimeout(this.#retry);
  }

  /**
   * The generations of the tags, some of which are known. Missing ones are created, so that no entry relies
   * on the absence of a generation: a lost one and one that never existed look alike.
   */
  async complete(
    keySpace: KeySpace,
    tags: Iterable<string>,
    known: GenerationByTag,
  ): Promise<GenerationByTag> {
    const missing = [...new Set(tags)].filter((tag) => !known.has(tag));
    if (missing.length === 0) return known;
    const keys = missing.map((tag) => keyOfGeneration(keySpace, tag));
    const made = keys.map((key) => ({ key, text: randomUUID(), ttlMs: newbornTtlMs }));
    const areMade = await keySpace.session.addMany(made);
    const texts = areMade.every((isMade) => isMade) ? [] : await keySpace.session.getMany(keys);
    const complete = new Map(known);
    for (const [index, tag] of missing.entries()) {
      const text = areMade[index] === true ? made[index]?.text : texts[index];
      // A generation that was lost between the two commands stays unknown, and its entries are not written.
      if (text !== undefined) complete.set(tag, text);
    }
    return complete;
  }

  /** Extends the generations of written entries; others expire soon. */
  async keep(keySpace: KeySpace, tags: Iterable<string>): Promise<void> {
    const keys = Array.from(new Set(tags), (tag) => keyOfGeneration(keySpace, tag));
    await keySpace.session.extendMany(keys, generationTtlMs);
  }

  /**
   * Invalidations are set only in the server in use. A server that comes back, after a network partition or a
   * failover, still holds entries that were invalidated in the meantime.
   */
  #enter(incarnation: string): void {
    const isAnother = this.#incarnation !== null && this.#incarnation !== incarnation;
    this.#incarnation = incarnation;
    if (isAnother) this.invalidate([{ everything: true }]);
  }

  #keySpaceName(incarnation: string): string {
    return `${this.#options.namespace}:${incarnation}`;
  }

  /** Writes the pending tags, or joins the write in flight; returns whether the store confirmed. */
  async #set(): Promise<boolean> {
    this.#setting ??= this.#setAll().finally(() => {
      this.#setting = null;
    });
    return this.#setting;
  }

  async #setAll(): Promise<boolean> {
    clearTimeout(this.#retry);
    // Invalidations that are received together are written together.
    await Promise.resolve();
    const { sequence } = this.#pending;
    try {
      let due = this.#pending.upTo(sequence, chunkSize);
      while (due.length > 0) {
        await this.#setSome(due.map(([tag]) => tag));
        this.#pending.confirm(due);
        due = this.#pending.upTo(sequence, chunkSize);
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) this.#options.onError(error);
      this.#retryLater(retryMs);
      return false;
    }
    if (this.#pending.sequence > sequence) this.#retryLater(0);
    return true;
  }

  async #setSome(tags: readonly string[]): Promise<void> {
    const { keySpace } = this;
    if (keySpace === null) throw new StoreUnavailable(this.#options.store.name);
    const texts = tags.map((tag) => ({
      key: keyOfGeneration(keySpace, tag),
      text: randomUUID(),
      ttlMs: generationTtlMs,
    }));
    // Before the tags and in an own command, because the nodes of a cluster keep no order: a process that
    // reads a tag's new generation after a load must also read a changed clock.
    const clock = { key: keyOfGeneration(keySpace, clockTag), text: randomUUID(), ttlMs: generationTtlMs };
    if (tags.some(isNamedTag)) await keySpace.session.setMany([clock]);
    await keySpace.session.setMany(texts);
  }

  #retryLater(delayMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#set(), delayMs).unref();
  }
}

/** The key of a tag's generation. */
export function keyOfGeneration(keySpace: KeySpace, tag: string): string {
  return `${keySpace.prefix}generation:${tag}`;
}
