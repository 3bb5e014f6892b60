import type { Clock } from '../../platform/runtime/clock.ts';
import { keyOfGeneration, type GenerationByMark, type Generations, type Place } from './generations.ts';
import type { StoredText } from '../key-value-store.ts';
import { markOfAll, markOfCache, markOfSharedKey, markOfSharedTag, markOfTagClock } from './tags.ts';
import { readTypedJson, writeTypedJson } from './typed-json.ts';

interface SharedEntriesOptions<Value> {
  readonly name: string;
  /** To be raised whenever the shape of the values changes: entries of another version are never read. */
  readonly version: number;
  readonly tagsOfKey: (key: string) => readonly string[];
  readonly tagsOfValue: (value: Value) => readonly string[];
  readonly clock: Clock;
  readonly generations: Generations;
  readonly onError: (error: unknown) => void;
}

/** A value that the store holds, and until when it is fresh. */
export interface SharedValue<Value> {
  readonly value: Value;
  readonly freshUntil: number;
}

/** What reading found, and what has to be known of the time before a load so that its result may be written. */
export interface SharedReading<Value> {
  readonly found: ReadonlyMap<string, SharedValue<Value>>;
  readonly place: Place;
  /** As they were at the reading. */
  readonly generations: GenerationByMark;
}

interface Envelope<Value> extends SharedValue<Value> {
  readonly generations: Readonly<Record<string, string>>;
}

const lockTtlMs = 1000;

/**
 * The entries of one cache in a store that several processes share. Only values, never absences: what does not exist is
 * known for so short a time that it is not worth the room, of which there would be no end.
 */
export class SharedEntries<Value> {
  readonly #options: SharedEntriesOptions<Value>;

  constructor(options: SharedEntriesOptions<Value>) {
    this.#options = options;
  }

  /** Null when the store can't be used. Rejects when it fails. */
  async read(keys: readonly string[]): Promise<SharedReading<Value> | null> {
    const { place } = this.#options.generations;
    if (place === null) return null;
    // As it is now: what is confirmed while the answer is on its way may have been confirmed after it was given.
    const isPending = this.#options.generations.pendingNow();
    const marks = new Set([markOfTagClock, ...keys.flatMap((key) => this.#marksOfKey(key))]);
    // In one go: the entries, and the generations that are known to be theirs without having seen them.
    const [texts, generations] = await readBoth(
      place,
      keys.map((key) => this.#keyOfEntry(place, key)),
      [...marks],
    );
    const envelopes = new Map<string, Envelope<Value>>();
    for (const [index, key] of keys.entries()) {
      const text = texts[index];
      const envelope = text === undefined ? null : this.#parse(text);
      if (envelope !== null) envelopes.set(key, envelope);
    }
    const ofValues = Array.from(envelopes.values()).flatMap((envelope) => Object.keys(envelope.generations));
    const unknown = [...new Set(ofValues)].filter((mark) => !marks.has(mark));
    const [, others] = unknown.length === 0 ? [[], generations] : await readBoth(place, [], unknown);
    const found = this.#valid(envelopes, new Map([...generations, ...others]), isPending);
    return { found, place, generations };
  }

  /**
   * Asks for the right to load each key, which one process at a time has for a short while; and sees to it that
   * everything that their entries' keys can be ended by has a generation. To be called before the load.
   */
  async claim(
    keys: readonly string[],
    { place, generations }: Omit<SharedReading<Value>, 'found'>,
  ): Promise<{ readonly mine: string[]; readonly generations: GenerationByMark }> {
    const locks = keys.map((key) => ({ key: this.#keyOfLock(place, key), text: '1', ttlMs: lockTtlMs }));
    const marks = [markOfTagClock, ...keys.flatMap((key) => this.#marksOfKey(key))];
    const [areMine, complete] = await Promise.all([
      place.session.addMany(locks),
      this.#options.generations.complete(place, marks, generations),
    ]);
    return { mine: keys.filter((_key, index) => areMine[index] === true), generations: complete };
  }

  async release(place: Place, keys: readonly string[]): Promise<void> {
    await place.session.removeMany(keys.map((key) => this.#keyOfLock(place, key)));
  }

  /**
   * Writes what was loaded after the generations were read, save for what has been invalidated meanwhile. What can't be
   * known to have been unharmed counts as harmed.
   */
  async write(
    values: ReadonlyMap<string, SharedValue<Value>>,
    place: Place,
    before: GenerationByMark,
  ): Promise<void> {
    const marksByKey = new Map(
      Array.from(values, ([key, { value }]) => [key, this.#marksOf(key, value)] as const),
    );
    const marks = new Set([...marksByKey.values()].flat());
    const generations = await this.#generationsOfBefore(place, marks, before);
    const texts: StoredText[] = [];
    const written: string[] = [];
    for (const [key, marksOfEntry] of marksByKey) {
      const value = values.get(key);
      const known = marksOfEntry.flatMap((mark) => generations.get(mark) ?? []);
      if (value === undefined || known.length < marksOfEntry.length) continue;
      const envelope: Envelope<Value> = {
        ...value,
        generations: Object.fromEntries(marksOfEntry.map((mark) => [mark, generations.get(mark) ?? ''])),
      };
      const ttlMs = Math.ceil(value.freshUntil - this.#options.clock.now());
      if (ttlMs <= 0) continue;
      texts.push({ key: this.#keyOfEntry(place, key), text: writeTypedJson(envelope), ttlMs });
      written.push(...marksOfEntry);
    }
    if (texts.length === 0) return;
    await Promise.all([
      place.session.setMany(texts),
      this.#options.generations.keep(place, [...written, markOfTagClock]),
    ]);
  }

  /**
   * What a tag's generation was before the load can't be read when the tag is known only from the value that was loaded.
   * But if no tag at all got a new generation meanwhile, it is the one that it has now: the clock tells.
   */
  async #generationsOfBefore(
    place: Place,
    marks: ReadonlySet<string>,
    before: GenerationByMark,
  ): Promise<GenerationByMark> {
    const unknown = [...marks].filter((mark) => !before.has(mark));
    if (unknown.length === 0) return before;
    const [, present] = await readBoth(place, [], unknown);
    const complete = await this.#options.generations.complete(place, unknown, present);
    // After the tags, as it is written before them.
    const [, clock] = await readBoth(place, [], [markOfTagClock]);
    const hasStoodStill =
      before.has(markOfTagClock) && clock.get(markOfTagClock) === before.get(markOfTagClock);
    return hasStoodStill ? new Map([...complete, ...before]) : before;
  }

  #valid(
    envelopes: ReadonlyMap<string, Envelope<Value>>,
    generations: GenerationByMark,
    isPending: (marks: readonly string[]) => boolean,
  ): Map<string, SharedValue<Value>> {
    const now = this.#options.clock.now();
    const valid = new Map<string, SharedValue<Value>>();
    for (const [key, { value, freshUntil, generations: ofEntry }] of envelopes) {
      const marks = this.#marksOf(key, value);
      const isUnharmed = marks.every(
        (mark) => ofEntry[mark] !== undefined && ofEntry[mark] === generations.get(mark),
      );
      if (!isUnharmed || now >= freshUntil || isPending(marks)) continue;
      valid.set(key, { value, freshUntil });
    }
    return valid;
  }

  /** One that can't be read must not keep the others from being read. */
  #parse(text: string): Envelope<Value> | null {
    try {
      return readTypedJson<Envelope<Value>>(text);
    } catch (error) {
      this.#options.onError(error);
      return null;
    }
  }

  #marksOf(key: string, value: Value): string[] {
    return [...this.#marksOfKey(key), ...this.#options.tagsOfValue(value).map(markOfSharedTag)];
  }

  #marksOfKey(key: string): string[] {
    const { name, tagsOfKey } = this.#options;
    return [markOfAll, markOfCache(name), markOfSharedKey(name, key), ...tagsOfKey(key).map(markOfSharedTag)];
  }

  #keyOfEntry({ prefix }: Place, key: string): string {
    return `${prefix}${this.#options.name}:v${this.#options.version}:${key}`;
  }

  #keyOfLock(place: Place, key: string): string {
    return `${this.#keyOfEntry(place, key)}:lock`;
  }
}

async function readBoth(
  place: Place,
  keys: readonly string[],
  marks: readonly string[],
): Promise<[texts: (string | undefined)[], generations: GenerationByMark]> {
  const generationKeys = marks.map((mark) => keyOfGeneration(place, mark));
  const texts = await place.session.getMany([...keys, ...generationKeys]);
  const generations = new Map<string, string>();
  for (const [index, mark] of marks.entries()) {
    const text = texts[keys.length + index];
    if (text !== undefined) generations.set(mark, text);
  }
  return [texts, generations];
}
