import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** One server process, as its clients see it. */
export interface ServerProcess {
  readonly pid: number;
  /** Sends one operation; rejects unless the answer is 200 and free of errors. */
  ask(query: string, variables?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** The status of a health URL. */
  health(path: string): Promise<number>;
}

/** Several server processes on one database. */
export interface Cluster {
  readonly servers: readonly ServerProcess[];
  /** What they have logged so far, for a test that fails. */
  logs(): string;
  stop(): Promise<void>;
}

/** Starts so many servers; resolves when all of them answer. */
export async function startCluster(
  count: number,
  environment: Readonly<Record<string, string>>,
  token: string,
): Promise<Cluster> {
  const children: ChildProcess[] = [];
  let logged = '';
  const agent = new Agent({ keepAlive: true });
  const stop = async () => {
    agent.destroy();
    await Promise.all(children.map(end));
  };
  const startOne = async (): Promise<ServerProcess> => {
    const child = spawnServer(environment);
    children.push(child);
    child.stderr?.on('data', (chunk) => (logged += String(chunk)));
    const address = await addressOf(child);
    return {
      pid: child.pid ?? 0,
      ask: (query, variables) => ask(agent, `${address}/graphql`, token, { query, variables }),
      health: (path) => statusOf(agent, address + path),
    };
  };
  try {
    // One after the other: the first pays for compiling, and the machine may have few cores.
    const servers: ServerProcess[] = [];
    while (servers.length < count) servers.push(await startOne());
    return { servers, logs: () => logged, stop };
  } catch (error) {
    await stop();
    throw new Error(`A server did not start: ${logged}`, { cause: error });
  }
}

function spawnServer(environment: Readonly<Record<string, string>>): ChildProcess {
  const { PATH = '' } = process.env;
  return spawn(process.execPath, ['--import', 'tsx', join(root, 'src/main.ts'), 'serve'], {
    cwd: root,
    env: { PATH, PORT: '0', LOG_LEVEL: 'warn', EXPLORER_ENABLED: 'false', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function addressOf(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  for (;;) {
    const [, address] = /answers on (http:\/\/[^\s/]+)/.exec(output) ?? [];
    if (address !== undefined) return address;
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}.`);
    await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')]);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(patience);
}

async function ask(agent: Agent, url: string, token: string, body: object): Promise<unknown> {
  const { status, text } = await send(agent, url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const answer: { data?: unknown; errors?: unknown } = JSON.parse(text);
  if (status !== 200 || answer.errors !== undefined) throw new Error(`${status}: ${text}`);
  return answer.data;
}

async function statusOf(agent: Agent, url: string): Promise<number> {
  return (await send(agent, url, { method: 'GET', headers: {} })).status;
}

/** By node:http, which costs half of what `fetch` does: the servers need the processor. */
async function send(
  agent: Agent,
  url: string,
  options: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string },
): Promise<{ readonly status: number; readonly text: string }> {
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
