/**
 * Numbers that look random and are the same in every run, so that a failure can be had again from its seed.
 */
export interface Random {
  /** From 0 up to 1, without 1. */
  fraction(): number;
  /** A whole number from 0 up to `end`, without it; 0 when `end` is 0. */
  below(end: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** The generator known as mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed;
  function fraction(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (end: number) => Math.floor(fraction() * end);
  return { fraction, below, pick: (items) => pickFrom(items, below(items.length)) };
}

function pickFrom<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no item ${index} among ${items.length}.`);
  return item;
}
