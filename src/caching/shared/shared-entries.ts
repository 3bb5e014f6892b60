import { parse, stringify } from 'devalue';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { TextSigner } from '../../platform/security/text-signer.ts';
import { keyOfGeneration, type GenerationByTag, type Generations, type KeySpace } from './generations.ts';
import type { StoredText } from '../key-value-store.ts';
import { everythingTag, cacheTag, bucketTag, namedTag, clockTag } from './tags.ts';

interface SharedEntriesOptions<Value> {
  readonly name: string;
  /** To be raised with the shape of the values: entries of another version are never read. */
  readonly version: number;
  readonly tagsOfKey: (key: string) => readonly string[];
  readonly tagsOfValue: (value: Value) => readonly string[];
  readonly clock: Clock;
  readonly generations: Generations;
  readonly onError: (error: unknown) => void;
  /** Signs the entries; null: they are not signed. */
  readonly signer: TextSigner | null;
  /** Called for an entry that was not signed by a server under its key. */
  readonly onForged: () => void;
}

/** A value in the store. */
export interface SharedValue<Value> {
  readonly value: Value;
  readonly freshUntil: number;
}

/** The found values, and the state before a load that is needed to write its result. */
export interface SharedReading<Value> {
  readonly found: ReadonlyMap<string, SharedValue<Value>>;
  readonly keySpace: KeySpace;
  /** As of the read. */
  readonly generations: GenerationByTag;
}

interface Envelope<Value> extends SharedValue<Value> {
  readonly generations: Readonly<Record<string, string>>;
}

const lockTtlMs = 1000;
/**
 * To be raised with the format of the envelope: releases with different formats never read each other's
 * entries.
 */
const formatVersion = 3;

/**
 * The entries of one cache in a store that several processes share. Absences are not stored: they are fresh
 * only for a short time, and random keys would fill the store.
 */
export class SharedEntries<Value> {
  readonly #options: SharedEntriesOptions<Value>;

  constructor(options: SharedEntriesOptions<Value>) {
    this.#options = options;
  }

  /** Null while the store is unavailable. Rejects when it fails. */
  async read(keys: readonly string[]): Promise<SharedReading<Value> | null> {
    const { keySpace } = this.#options.generations;
    if (keySpace === null) return null;
    // Before the read: a tag that is confirmed during the read may have been confirmed after the store
    // answered.
    const isPending = this.#options.generations.pendingNow();
    const tags = new Set([clockTag, ...keys.flatMap((key) => this.#tagsOfKey(key))]);
    // In one command: the entries, and the generations of all tags that follow from their keys.
    const [texts, generations] = await readBoth(
      keySpace,
      keys.map((key) => this.#keyOfEntry(keySpace, key)),
      [...tags],
    );
    const envelopes = new Map<string, Envelope<Value>>();
    for (const [index, key] of keys.entries()) {
      const text = texts[index];
      const envelope = text === undefined ? null : this.#parse(this.#keyOfEntry(keySpace, key), text);
      if (envelope !== null) envelopes.set(key, envelope);
    }
    const ofValues = Array.from(envelopes.values()).flatMap((envelope) => Object.keys(envelope.generations));
    const unknown = [...new Set(ofValues)].filter((tag) => !tags.has(tag));
    const [, others] = unknown.length === 0 ? [[], generations] : await readBoth(keySpace, [], unknown);
    const found = this.#valid(envelopes, new Map([...generations, ...others]), isPending);
    return { found, keySpace, generations };
  }

  /**
   * Requests the short lease to load each key, which one process at a time holds, and creates missing
   * generations of the tags that follow from the keys. To be called before the load.
   */
  async claim(
    keys: readonly string[],
    { keySpace, generations }: Omit<SharedReading<Value>, 'found'>,
  ): Promise<{ readonly mine: string[]; readonly generations: GenerationByTag }> {
    const locks = keys.map((key) => ({ key: this.#keyOfLock(keySpace, key), text: '1', ttlMs: lockTtlMs }));
    const tags = [clockTag, ...keys.flatMap((key) => this.#tagsOfKey(key))];
    const [areMine, complete] = await Promise.all([
      keySpace.session.addMany(locks),
      this.#options.generations.complete(keySpace, tags, generations),
    ]);
    return { mine: keys.filter((_key, index) => areMine[index] === true), generations: complete };
  }

  async release(keySpace: KeySpace, keys: readonly string[]): Promise<void> {
    await keySpace.session.removeMany(keys.map((key) => this.#keyOfLock(keySpace, key)));
  }

  /**
   * Writes values that were loaded after the generations were read, except for those that were invalidated
   * since, or for which that is unknown.
   */
  async write(
    values: ReadonlyMap<string, SharedValue<Value>>,
    keySpace: KeySpace,
    before: GenerationByTag,
  ): Promise<void> {
    const tagsByKey = new Map(
      Array.from(values, ([key, { value }]) => [key, this.#tagsOf(key, value)] as const),
    );
    const tags = new Set([...tagsByKey.values()].flat());
    const generations = await this.#generationsOfBefore(keySpace, tags, before);
    const texts: StoredText[] = [];
    const written: string[] = [];
    for (const [key, tagsOfEntry] of tagsByKey) {
      const value = values.get(key);
      const known = tagsOfEntry.flatMap((tag) => generations.get(tag) ?? []);
      if (value === undefined || known.length < tagsOfEntry.length) continue;
      const envelope: Envelope<Value> = {
        ...value,
        generations: Object.fromEntries(tagsOfEntry.map((tag) => [tag, generations.get(tag) ?? ''])),
      };
      const ttlMs = Math.ceil(value.freshUntil - this.#options.clock.now());
      if (ttlMs <= 0) continue;
      const keyOfEntry = this.#keyOfEntry(keySpace, key);
      const text = this.#format(keyOfEntry, envelope);
      if (text === null) continue;
      texts.push({ key: keyOfEntry, text, ttlMs });
      written.push(...tagsOfEntry);
    }
    if (texts.length === 0) return;
    await Promise.all([
      keySpace.session.setMany(texts),
      this.#options.generations.keep(keySpace, [...written, clockTag]),
    ]);
  }

  /**
   * Adds the generations that the tags of the loaded values had before the load. They could not be read then,
   * but are the present ones if no tag got a new generation in between, which the clock shows.
   */
  async #generationsOfBefore(
    keySpace: KeySpace,
    tags: ReadonlySet<string>,
    before: GenerationByTag,
  ): Promise<GenerationByTag> {
    const unknown = [...tags].filter((tag) => !before.has(tag));
    if (unknown.length === 0) return before;
    const [, present] = await readBoth(keySpace, [], unknown);
    const complete = await this.#options.generations.complete(keySpace, unknown, present);
    // Read after the tags, because it is written before them.
    const [, clock] = await readBoth(keySpace, [], [clockTag]);
    const hasStoodStill = before.has(clockTag) && clock.get(clockTag) === before.get(clockTag);
    return hasStoodStill ? new Map([...complete, ...before]) : before;
  }

  #valid(
    envelopes: ReadonlyMap<string, Envelope<Value>>,
    generations: GenerationByTag,
    isPending: (tags: readonly string[]) => boolean,
  ): Map<string, SharedValue<Value>> {
    const now = this.#options.clock.now();
    const valid = new Map<string, SharedValue<Value>>();
    for (const [key, { value, freshUntil, generations: ofEntry }] of envelopes) {
      const tags = this.#tagsOf(key, value);
      const isValid = tags.every(
        (tag) => ofEntry[tag] !== undefined && ofEntry[tag] === generations.get(tag),
      );
      if (!isValid || now >= freshUntil || isPending(tags)) continue;
      valid.set(key, { value, freshUntil });
    }
    return valid;
  }

  /**
   * Null for a value that devalue refuses, such as one with a key `__proto__`; it must not prevent others
   * from being written.
   */
  #format(keyOfEntry: string, envelope: Envelope<Value>): string | null {
    const { signer } = this.#options;
    try {
      const text = stringify(envelope);
      return signer === null ? text : signer.sign(keyOfEntry, text);
    } catch (error) {
      this.#options.onError(error);
      return null;
    }
  }

  /** Null for a forged or unreadable entry, which must not prevent others from being read. */
  #parse(keyOfEntry: string, stored: string): Envelope<Value> | null {
    const { signer, onForged } = this.#options;
    const text = signer === null ? stored : signer.verify(keyOfEntry, stored);
    if (text === null) {
      onForged();
      return null;
    }
    try {
      return parse(text);
    } catch (error) {
      this.#options.onError(error);
      return null;
    }
  }

  #tagsOf(key: string, value: Value): string[] {
    return [...this.#tagsOfKey(key), ...this.#options.tagsOfValue(value).map(namedTag)];
  }

  #tagsOfKey(key: string): string[] {
    const { name, tagsOfKey } = this.#options;
    return [everythingTag, cacheTag(name), bucketTag(name, key), ...tagsOfKey(key).map(namedTag)];
  }

  #keyOfEntry({ prefix }: KeySpace, key: string): string {
    const { name, version, signer } = this.#options;
    const format = signer === null ? `${formatVersion}` : `${formatVersion}s`;
    return `${prefix}${name}:v${format}.${version}:${key}`;
  }

  #keyOfLock(keySpace: KeySpace, key: string): string {
    return `${this.#keyOfEntry(keySpace, key)}:lock`;
  }
}

async function readBoth(
  keySpace: KeySpace,
  keys: readonly string[],
  tags: readonly string[],
): Promise<[texts: (string | undefined)[], generations: GenerationByTag]> {
  const generationKeys = tags.map((tag) => keyOfGeneration(keySpace, tag));
  const texts = await keySpace.session.getMany([...keys, ...generationKeys]);
  const generations = new Map<string, string>();
  for (const [index, tag] of tags.entries()) {
    const text = texts[keys.length + index];
    if (text !== undefined) generations.set(tag, text);
  }
  return [texts, generations];
}
