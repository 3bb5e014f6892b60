import { request, type Agent } from 'node:http';

/** A response. */
export interface Received {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends one request and reads the whole answer; rejects when there is none within 15 s. By node:http, which
 * costs half of what `fetch` does: the servers need the processor.
 */
export async function send(
  agent: Agent,
  url: string,
  options: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | Buffer;
  },
): Promise<Received> {
  const { method, headers, body } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers, timeout: 15_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 15 s')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends one operation with a token. */
export async function sendOperation(
  agent: Agent,
  origin: string,
  operation: {
    readonly token: string;
    readonly query: string;
    readonly variables?: Readonly<Record<string, unknown>> | undefined;
  },
): Promise<Received> {
  const { token, query, variables } = operation;
  return send(agent, `${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
}
