/**
 * First words with which no description starts: a description starts with a noun or a verb in the third
 * person.
 */
const openings =
  /^(?:what|who|whom|whose|whether|how|where|when|which|why|(?:in|by|to|from) (?:what|which|whom)|it|its|they|their|those|one)\b/i;

/** Words of a private dialect, each beside the word that readers search for. */
const words: readonly (readonly [RegExp, string])[] = [
  [/\b(?:who|what|how)ever\b/i, 'the noun'],
  [/\bwhom\b/i, 'the noun'],
  [/\b(?:no|some|any|every)body\b/i, 'no user, a user, any user'],
  [/\banew\b/i, 'again'],
  [/\bat once\b/i, 'immediately, concurrently or synchronously'],
  [/\bsave (?:the|that|for|in|where|when)\b/i, 'except'],
  [/\bso many\b/i, 'n'],
  [/\b(?:tells?|told)\b/i, 'reports'],
  [/\bheard?\b/i, 'received'],
  [/\bstands?\b/i, 'is'],
  [/\b(?:asks?|asked)\b/i, 'requested or selected'],
  [/\bended\b/i, 'revoked, expired or invalidated'],
  [/\bfaults?\b/i, 'error'],
  [/\be-mail\b/i, 'email'],
];

const sentencesMax = 2;

/** The ways in which a description breaks the rules of English of this project; empty for a good one. */
export function breachesIn(description: string): readonly string[] {
  const opening = openings.exec(description)?.[0];
  const sentences = description.split(/[.!?](?=\s+["`A-Z]|\s*$)/).filter((text) => text.trim() !== '');
  return [
    ...(opening === undefined ? [] : [`starts with "${opening}"`]),
    ...words.flatMap(([pattern, better]) => {
      const found = pattern.exec(description)?.[0];
      return found === undefined ? [] : [`says "${found}" for ${better}`];
    }),
    ...(sentences.length > sentencesMax ? [`has ${sentences.length} sentences`] : []),
  ];
}
