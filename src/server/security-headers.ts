import helmet from '@fastify/helmet';
import fastify from 'fastify';

/** JSON is not a document: where a browser shows it all the same, it may load nothing and be framed by nobody. */
const nothingAtAll = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/**
 * What helmet puts on every answer, learnt once: it would work the same headers out again for each request, which takes as
 * long as answering from a cache does.
 */
export async function learnSecurityHeaders(): Promise<Readonly<Record<string, string>>> {
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
