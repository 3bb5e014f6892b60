import { createHash } from 'node:crypto';
import { v7 } from 'uuid';

/** A pseudorandom generator whose numbers are the same in every run. */
export interface Random {
  /** Returns a number from 0 up to 1, excluding 1. */
  fraction(): number;
  /** Returns an integer from `low` to `high`, both inclusive. */
  between(low: number, high: number): number;
  isLucky(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  shuffled<Item>(items: readonly Item[]): Item[];
}

/**
 * Creates a generator that is seeded by a name, so that a change to one part of the demo data leaves the
 * others unchanged.
 */
export function randomOf(name: string): Random {
  const fraction = mulberry32(digestOf(name).readUInt32LE());
  const below = (end: number) => Math.floor(fraction() * end);
  return {
    fraction,
    between: (low, high) => low + below(high - low + 1),
    isLucky: (probability) => fraction() < probability,
    pick: (items) => itemAt(items, below(items.length)),
    shuffled: (items) =>
      items
        .map((item) => ({ item, rank: fraction() }))
        .toSorted((one, other) => one.rank - other.rank)
        .map(({ item }) => item),
  };
}

/** Creates a UUID v7 that is the same in every run, so that seeding again inserts no duplicates. */
export function demoId(name: string, timeMs: number): string {
  return v7({ msecs: timeMs, random: digestOf(name).subarray(0, 16) });
}

/** Returns an item. @throws RangeError if there is none at the index */
export function itemAt<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no item ${index} among ${items.length}.`);
  return item;
}

/** The generator known as mulberry32. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function digestOf(name: string): Buffer {
  return createHash('sha256').update(`parley demo: ${name}`).digest();
}
