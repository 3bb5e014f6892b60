import { randomUUID } from 'node:crypto';
import type { Invalidation, SharedStore } from '../coherence/coherence.ts';
import { StoreUnavailable, type KeyValueStore, type StoreSession } from '../key-value-store.ts';
import { isNamedTag, tagOf, clockTag } from './tags.ts';
import { PendingTags } from './pending-tags.ts';

interface GenerationsOptions {
  readonly store: KeyValueStore;
  /** What all keys begin with, so that several deployments can share a store. */
  readonly namespace: string;
  readonly coherence: { readonly epoch: number };
  readonly onError: (error: unknown) => void;
  /** How many marks may wait for the store's confirmation before everything in it is ended instead. */
  readonly pendingMax?: number;
}

/** Where the entries and generations of the present are. */
export interface KeySpace {
  readonly session: StoreSession;
  /** What their keys begin with. */
  readonly prefix: string;
}

/** By tag. */
export type GenerationByTag = ReadonlyMap<string, string>;

const newbornTtlMs = 60_000;
const generationTtlMs = 24 * 3_600_000;
const chunkSize = 500;
const retryMs = 100;

/**
 * What ends entries in a store that several processes share. A mark's generation is a random text under a key of its
 * own; an entry keeps the generations that its marks had before its value was loaded, and counts only while they are
 * still the same. So one small write ends any number of entries, also those that are being loaded.
 *
 * Every process that hears of an invalidation sets a new generation, and until the store has confirmed it does not use
 * the store for what carries the tag. The generations are random and not agreed upon: if two processes set the same
 * one, an entry that was written between them would come back to life with the second.
 */
export class Generations implements SharedStore {
  readonly #options: GenerationsOptions;
  readonly #pending: PendingTags;
  /** The life of the server in which all that is not pending has ended; null as long as nothing was set or asked. */
  #incarnation: string | null = null;
  #setting: Promise<boolean> | null = null;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: GenerationsOptions) {
    this.#options = options;
    this.#pending = new PendingTags({ sizeMax: options.pendingMax ?? 10_000 });
  }

  /**
   * Null while the store can't be used. What was written before the epoch was raised, or in another life of the server,
   * is never found again: a server that starts from an old copy of its memory brings back entries together with the
   * generations that they had.
   */
  get keySpace(): KeySpace | null {
    const { store, namespace, coherence } = this.#options;
    const { session } = store;
    // Without a connection to the database the epoch is unknown, and what is set would be set where nobody reads.
    if (session === null || coherence.epoch === 0) return null;
    this.#enter(session.incarnation);
    return { session, prefix: `${namespace}:${coherence.epoch}:${session.incarnation}:` };
  }

  /** Tells of what the store may still hold although this process knew at the moment of the call that it had ended. */
  pendingNow(): (tags: readonly string[]) => boolean {
    return this.#pending.snapshot();
  }

  /** At once for this process; the store is told in the background, until it confirms. */
  invalidate(invalidations: readonly Invalidation[]): void {
    for (const invalidation of invalidations) this.#pending.add(tagOf(invalidation));
    void this.#set();
  }

  async confirm(): Promise<boolean> {
    const { sequence } = this.#pending;
    // Twice at most: what is on its way may have begun before the newest invalidation.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      if (this.#pending.upTo(sequence, 1).length === 0) return true;
      if (!(await this.#set())) return false;
    }
    return this.#pending.upTo(sequence, 1).length === 0;
  }

  async confirmClean(): Promise<string | null> {
    const incarnation = this.#incarnation;
    const isConfirmed = await this.confirm();
    // In which of two lives it was confirmed nobody can tell.
    return isConfirmed && incarnation === this.#incarnation ? this.#keySpaceName(incarnation ?? '') : null;
  }

  confirmedClean(keySpaces: readonly string[]): void {
    const ownKeySpaces = keySpaces.filter((keySpace) => keySpace.startsWith(this.#keySpaceName('')));
    const [incarnation] = ownKeySpaces.map((keySpace) => keySpace.slice(this.#keySpaceName('').length));
    // Whoever vouches has no such store, or knows it by another name: nobody has set there what ended unheard.
    if (incarnation === undefined) this.invalidate([{ everything: true }]);
    // Of one who has never used it: then nothing has ended since the epoch was raised.
    else if (incarnation !== '') this.#incarnation = incarnation;
  }

  /** Nothing is set any more. */
  stop(): void {
    this.#pending.clear();
    clearTimeout(this.#retry);
  }

  /**
   * The generations of the tags, some of which are known. Those that the store lacks are made, so that no entry ever
   * relies on there being none: one that was lost and one that never was look alike.
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
      // One that was lost between the two questions stays unknown, and what carries it unwritten.
      if (text !== undefined) complete.set(tag, text);
    }
    return complete;
  }

  /** Keeps these for longer than those for which nothing was ever written. */
  async keep(keySpace: KeySpace, tags: Iterable<string>): Promise<void> {
    const keys = Array.from(new Set(tags), (tag) => keyOfGeneration(keySpace, tag));
    await keySpace.session.extendMany(keys, generationTtlMs);
  }

  /**
   * What ended while another server was used was set only there: one that comes back, from behind a broken network or by
   * a failover and back again, still has what this one knew to have ended.
   */
  #enter(incarnation: string): void {
    const isAnother = this.#incarnation !== null && this.#incarnation !== incarnation;
    this.#incarnation = incarnation;
    if (isAnother) this.invalidate([{ everything: true }]);
  }

  #keySpaceName(incarnation: string): string {
    return `${this.#options.namespace}:${incarnation}`;
  }

  /** Sets what is pending, or joins who does so already; whether the store has confirmed. */
  async #set(): Promise<boolean> {
    this.#setting ??= this.#setAll().finally(() => {
      this.#setting = null;
    });
    return this.#setting;
  }

  async #setAll(): Promise<boolean> {
    clearTimeout(this.#retry);
    // So that what is heard in one go is set in one go.
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
    // Before the tags and on its own, because the nodes of a cluster keep to no order: who finds a tag's new generation
    // after a load must also find that the clock is not what it was before.
    const clock = { key: keyOfGeneration(keySpace, clockTag), text: randomUUID(), ttlMs: generationTtlMs };
    if (tags.some(isNamedTag)) await keySpace.session.setMany([clock]);
    await keySpace.session.setMany(texts);
  }

  #retryLater(delayMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#set(), delayMs).unref();
  }
}

/** Where the generation of a mark is kept. */
export function keyOfGeneration(keySpace: KeySpace, tag: string): string {
  return `${keySpace.prefix}generation:${tag}`;
}
