import { gzipSync } from 'node:zlib';
import { getIntrospectionQuery } from 'graphql';

/** A request to `/graphql`; its headers are added to the usual ones. */
export interface Abuse {
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const many = (count: number, piece: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => piece(index)).join(' ');
const nest = (depth: number, open: string, inner: string, close: string) =>
  open.repeat(depth) + inner + close.repeat(depth);
const asking = (query: string, variables?: unknown): Abuse => ({
  body: JSON.stringify({ query, variables }),
});
/** Accepts GraphQL's own media type, for which validation errors are a 4xx. */
const strictly = (abuse: Abuse): Abuse => ({
  ...abuse,
  headers: { accept: 'application/graphql-response+json' },
});
const people = 'memberships { user {';

/**
 * Requests that cost a careless server far more than they cost whoever sends them; a server in production
 * refuses each.
 */
export const abuses: Readonly<Record<string, Abuse>> = {
  'depth 50': asking(`{ viewer { ${nest(25, people, ' id ', '} }')} } }`),
  'depth 1,000': asking(nest(1000, '{ viewer ', '{ id }', '}')),
  '1,000 aliases': asking(`{ ${many(1000, (index) => `a${index}: viewer { id }`)} }`),
  '500 short aliases': asking(`{ viewer { ${many(500, (index) => `a${index}:id`)} } }`),
  '100 expensive root fields': asking(
    `{ ${many(100, (i) => `a${i}: searchMessages(query: "a") { totalCount }`)} }`,
  ),
  '20,000 repeated fields': asking(`{ viewer { ${'id '.repeat(20_000)} } }`),
  '400 repeated objects': asking(`{ viewer { ${'profile { bio } '.repeat(400)} } }`),
  '5,000 directives': asking(`{ viewer { id ${'@include(if: true) '.repeat(5000)} } }`),
  '300 directives on as many fields': asking(`{ viewer { ${many(300, () => 'id @skip(if: true)')} } }`),
  '900 spreads of one fragment': asking(`{ ${'...F '.repeat(900)} } fragment F on Query { viewer { id } }`),
  'a bomb of fragments': asking(
    `{ viewer { ...F0 } } ${many(30, (i) => `fragment F${i} on User { ${people} ...F${i + 1} } } x: ${people} ...F${i + 1} } } }`)} fragment F30 on User { id }`,
  ),
  'a wide bomb of fragments': asking(
    `{ ...F0 } ${many(40, (i) => `fragment F${i} on Query { ${many(10, () => `...F${i + 1}`)} }`)} fragment F40 on Query { viewer { id } }`,
  ),
  'a cycle of fragments': asking(
    '{ viewer { ...A } } fragment A on User { ...B } fragment B on User { ...A }',
  ),
  'a fragment within itself': asking(`{ viewer { ...A } } fragment A on User { ${people} ...A } } }`),
  'a page of a million': asking('{ conversations(first: 1000000) { nodes { id } } }'),
  'a page of a million, by a variable': asking(
    'query ($n: Int) { conversations(first: $n) { nodes { id } } }',
    {
      n: 1_000_000,
    },
  ),
  'pages within pages': asking(
    '{ conversations(first: 200) { nodes { messages(first: 200) { nodes { conversation { messages(first: 200) { nodes { id } } } } } } } }',
  ),
  '10,000 ids': asking('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: Array(10_000).fill('x') }),
  '500 ids in the text': asking(`{ nodes(ids: [${'"x",'.repeat(500)}]) { id } }`),
  '450 variables': strictly(asking(`query (${many(450, (i) => `$a${i}: Int`)}) { viewer { id } }`)),
  '1,900 unknown fields': strictly(asking(`{ viewer { ${many(1900, (i) => `displayNam${i}`)} } }`)),
  '450 operations': strictly(asking(many(450, (i) => `query Q${i} { viewer { id } }`))),
  introspection: strictly(asking(getIntrospectionQuery())),
  'a batch of 1,000': { body: JSON.stringify(Array(1000).fill({ query: '{ viewer { id } }' })) },
  'a bomb of gzip': { body: gzipSync(Buffer.alloc(50_000_000)), headers: { 'content-encoding': 'gzip' } },
  '1 MB': asking(`{ viewer { id } } # ${'x'.repeat(1_000_000)}`),
  '250 kB of brackets': { body: '['.repeat(250_000) },
  '200 kB of braces': strictly(asking('{'.repeat(200_000))),
  '60,000 keys': { body: `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join()}}` },
  'a prototype': { body: '{"query":"{ viewer { id } }","__proto__":{"isAdmin":true}}' },
  'text that is no UTF-8': { body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) },
};

/** Headers that an HTTP server rejects while it reads them. */
export const abusiveHeaders: Readonly<Record<string, string>> = {
  'one header of 40 kB': `x: ${'x'.repeat(40_000)}\r\n`,
  '5,000 headers': many(5000, (index) => `x-${index}: x\r\n`).replaceAll('\n ', '\n'),
};
