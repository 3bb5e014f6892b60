import { createHash } from 'node:crypto';
import { v7 } from 'uuid';

/** Numbers that look random and are the same in every run. */
export interface Random {
  /** From 0 up to 1, without 1. */
  fraction(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  isLucky(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  shuffled<Item>(items: readonly Item[]): Item[];
}

/**
 * Every name has numbers of its own, so that a change to one part of the demo data leaves the others as they
 * are.
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

/** A UUID v7 that is the same in every run: whatever has one is found again, and never added twice. */
export function demoId(name: string, timeMs: number): string {
  return v7({ msecs: timeMs, random: digestOf(name).subarray(0, 16) });
}

/** @throws RangeError when there is none */
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
