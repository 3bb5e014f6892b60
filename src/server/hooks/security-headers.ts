import helmet from '@fastify/helmet';
import fastify, { type FastifyInstance } from 'fastify';

/** JSON is not a document: a browser that shows JSON may load nothing and embed it nowhere. */
const nothingAtAll = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/**
 * Headers for documents, which OWASP's REST Security Cheat Sheet does not require for other responses; each
 * costs a cached response 1 % of its time.
 */
const forDocumentsOnly: ReadonlySet<string> = new Set([
  'cross-origin-opener-policy',
  'origin-agent-cluster',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-permitted-cross-domain-policies',
  'x-xss-protection',
]);

/** Names and values of headers in turn, as node:http takes them for an answer's head. */
export type HeaderList = readonly string[];

/**
 * Protects every answer as helmet does; JSON goes without the headers that mean nothing outside of a
 * document. Who writes JSON past Fastify has to write the list that this answers.
 */
export async function registerSecurityHeaders(server: FastifyInstance): Promise<HeaderList> {
  const learnt = Object.entries(await learnSecurityHeaders());
  const forAll = learnt.filter(([name]) => !forDocumentsOnly.has(name));
  server.addHook('onSend', (_request, reply, payload, done) => {
    const wanted = isJson(reply.getHeader('content-type')) ? forAll : learnt;
    // A page may have a policy of its own.
    for (const [name, value] of wanted) if (!reply.hasHeader(name)) void reply.header(name, value);
    done(null, payload);
  });
  return forAll.flat();
}

function isJson(contentType: unknown): boolean {
  return typeof contentType === 'string' && /^application\/(graphql-response\+)?json\b/.test(contentType);
}

/**
 * Once: helmet would work the same headers out again for each request, which takes as long as answering from
 * a cache does.
 */
async function learnSecurityHeaders(): Promise<Readonly<Record<string, string>>> {
  const [bare, protectedOnes] = await Promise.all([headersOfSample(false), headersOfSample(true)]);
  return Object.fromEntries(
    Object.entries(protectedOnes).flatMap(([name, value]) =>
      name in bare || typeof value !== 'string' ? [] : [[name, value]],
    ),
  );
}

async function headersOfSample(isProtected: boolean) {
  const sample = fastify();
  if (isProtected) {
    await sample.register(helmet, {
      contentSecurityPolicy: { useDefaults: false, directives: nothingAtAll },
    });
  }
  sample.get('/', async () => 'a text');
  const { headers } = await sample.inject({ method: 'GET', url: '/' });
  await sample.close();
  return headers;
}
