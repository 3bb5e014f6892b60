import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aConversation, aTenant, aUser, type TestUser } from '../../support/builders.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, string | number>>;
  }[];
  readonly status: object;
}

/** A fake collector. */
let collector: Server;
let received: { path: string | undefined; key: unknown; body: string }[] = [];
let collectorStatus = 200;
const unsampled = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
let testApp: TestApp;
let user: TestUser;
const lines: string[] = [];

beforeAll(async () => {
  collector = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      received.push({ path: request.url, key: request.headers['x-key'], body });
      response.writeHead(collectorStatus).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const address = collector.address();
  testApp = await startTestApp(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'X-Key=a%20key',
      OTEL_SERVICE_NAME: 'chat',
      EXECUTOR: 'level',
    },
    (line) => lines.push(line),
  );
  const tenant = await aTenant(testApp);
  user = await aUser(testApp, tenant);
  const other = await aUser(testApp, tenant);
  for (const owner of [user, other]) await aConversation(testApp, tenant, { owner, messages: ['hello'] });
  // From here on the caller's identity is cached and takes no statement.
  await ask({ traceparent: unsampled });
});
afterAll(async () => {
  await testApp.close();
  collector.close();
});
beforeEach(() => {
  received = [];
  collectorStatus = 200;
});

const query =
  'query Traced($t: String) { conversations(filter: { titleContains: $t }) { nodes { lastMessage { content status } } } }';
const ask = (headers: Record<string, string> = {}) =>
  testApp.ask(query, { token: user.token, variables: { t: 'conversation' }, headers });

/** The received spans, once there are enough. */
async function spans(count: number): Promise<Span[]> {
  const all = () => received.flatMap(({ body }) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans);
  await expect.poll(() => all().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
  return all();
}

describe('a trace', () => {
  it('has a span for the request, each batch and each statement, and none for a field', async () => {
    await ask();
    const found = await spans(4);
    const request = found.find(({ kind }) => kind === 2);
    const others = found.filter((span) => span !== request);

    expect(request).toMatchObject({ name: 'query Traced', status: { code: 0 } });
    expect(request).not.toHaveProperty('parentSpanId');
    expect(
      others.map(({ name, kind }) => [name, kind]).toSorted(([a], [b]) => String(a).localeCompare(String(b))),
    ).toEqual([
      ['Conversation.lastMessage', 1],
      ['select', 3],
      ['select', 3],
    ]);
    for (const span of others) {
      expect(span.traceId).toBe(request?.traceId);
      expect(span.parentSpanId).toBe(request?.spanId);
      expect(BigInt(span.startTimeUnixNano)).toBeGreaterThanOrEqual(
        BigInt(request?.startTimeUnixNano ?? 0) - 1_000_000n,
      );
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    }
    const batch = found.find(({ name }) => name === 'Conversation.lastMessage');
    expect(batch?.attributes).toContainEqual({ key: 'parley.parents', value: { intValue: 2 } });
  });

  it('is sent to the collector with the configured headers and service name, without values of statements', async () => {
    await ask();
    await spans(4);
    const [sent] = received;

    expect(sent).toMatchObject({ path: '/v1/traces', key: 'a key' });
    expect(sent?.body).toContain('{"key":"service.name","value":{"stringValue":"chat"}}');
    expect(sent?.body).not.toContain('titleContains');
    expect(sent?.body).not.toContain('%conversation%');
  });

  it('with a traceparent: continues the trace of the client if it is sampled, and is not sent otherwise', async () => {
    await ask({ traceparent: unsampled });
    await ask({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    const found = await spans(4);

    expect(found).toHaveLength(4);
    expect(found.every(({ traceId }) => traceId === '0af7651916cd43dd8448eb211c80319c')).toBe(true);
    expect(found.find(({ kind }) => kind === 2)?.parentSpanId).toBe('b7ad6b7169203331');
  });

  it('while the collector is away: requests are answered, the loss is logged once, and once when it ends', async () => {
    collectorStatus = 500;
    for (let each = 0; each < 3; each += 1) {
      expect((await ask()).errors).toBeUndefined();
      await expect.poll(() => received.length, { timeout: 10_000 }).toBeGreaterThan(each);
    }
    expect(linesWith('span export failed')).toHaveLength(1);

    collectorStatus = 200;
    await ask();
    await expect.poll(() => linesWith('spans are exported again'), { timeout: 10_000 }).toHaveLength(1);
    const [line = ''] = linesWith('spans are exported again');
    expect(JSON.parse(line).lost).toBeGreaterThanOrEqual(12);
  });
});

const linesWith = (text: string) => lines.filter((line) => line.includes(text));
