import type { Random } from './seeded-random.ts';

/** The same document with something wrong in it: mostly no GraphQL any more, sometimes another operation. */
export function spoiltText(text: string, random: Random): string {
  let spoilt = text;
  for (let times = 1 + random.below(3); times > 0; times -= 1) spoilt = random.pick(changes)(spoilt, random);
  return spoilt;
}

type Change = (text: string, random: Random) => string;

const changes: readonly Change[] = [
  // Something is missing.
  (text, random) => {
    const start = random.below(text.length);
    return text.slice(0, start) + text.slice(start + 1 + random.below(10));
  },
  // A part is duplicated.
  (text, random) => {
    const start = random.below(text.length);
    const piece = text.slice(start, start + 1 + random.below(30));
    return text.slice(0, start) + piece + text.slice(start);
  },
  // A part is replaced.
  (text, random) => {
    const start = random.below(text.length);
    return text.slice(0, start) + random.pick(pieces) + text.slice(start + random.below(3));
  },
  // One word is another one.
  (text, random) => {
    const words = text.match(/\w+/g) ?? ['x'];
    return text.replace(random.pick(words), random.pick(words));
  },
  (text) => `query ($v: Int!) ${text}`,
  (text) => `mutation ${text}`,
  (text) => `${text} fragment F on User { id ...F }`,
];

const pieces = [
  '{',
  '}',
  '(',
  ')',
  '"',
  '"""',
  '$v',
  '@skip',
  '...',
  ': ',
  '\u0000',
  '\ud800',
  '!',
  '-1',
  '1e999',
  '#',
  'null',
  '__proto__',
] as const;
