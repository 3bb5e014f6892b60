/**
 * A document of some 12 kB that no other request has: 19 root fields with rich fragments, and 4 conditions.
 */
export function madeUpDocument(index: number, length = 12_000): string {
  const names = ['a', 'b', 'c', 'd'];
  const fields = Array.from(
    { length: 19 },
    (_, at) => `n${at}: node(id: "x") @include(if: $${names[at % 4]}) { ...Rich }`,
  ).join('\n');
  const head = `query Q${index}(${names.map((name) => `$${name}: Boolean!`).join(' ')}) {\n${fields}\n}`;
  const text = `${head}\n${richFragment}`;
  const filling = Math.min(fillingMax, Math.max(0, Math.floor((length - text.length) / fillingField.length)));
  return `${head}\n${richFragment.replace('id\n', `id\n${fillingField.repeat(filling)}`)}`.padEnd(length);
}

/** The variables for one of the 16 combinations of conditions. */
export function conditionsOf(combination: number): Readonly<Record<string, boolean>> {
  return Object.fromEntries(
    ['a', 'b', 'c', 'd'].map((name, bit) => [name, ((combination >> bit) & 1) === 1]),
  );
}

const fillingField = '... on User { displayName id profile { bio } }\n';
/** With more of them, the document would have too many tokens. */
const fillingMax = 100;

const richFragment = `fragment Rich on Node {
  id
  ... on User { displayName profile { bio avatarUrl locale } memberships { role user { id displayName } } }
  ... on Conversation { title createdAt messageCount lastMessage { id content createdAt author { id displayName } }
    participants { nodes { id displayName profile { bio } } } messages(first: 2) { nodes { id content } } }
  ... on Message { content createdAt author { id displayName } conversation { id title messageCount } }
}`;
