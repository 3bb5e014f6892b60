import { Agent } from 'node:http';
import { send, sendOperation } from './send.ts';
import { endServer, startServer, type RunningServer } from './server-process.ts';

/** A server process, as its clients see it. */
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
  /** The logs so far, for a test that fails. */
  logs(): string;
  stop(): Promise<void>;
}

/** Starts a number of servers; resolves when all of them respond. */
export async function startCluster(
  count: number,
  environment: Readonly<Record<string, string>>,
  token: string,
): Promise<Cluster> {
  const running: RunningServer[] = [];
  const logs = () => running.map((server) => server.logs()).join('');
  const agent = new Agent({ keepAlive: true });
  const stop = async () => {
    agent.destroy();
    await Promise.all(running.map(endServer));
  };
  const startOne = async (): Promise<ServerProcess> => {
    const server = await startServer(environment);
    running.push(server);
    return {
      pid: server.child.pid ?? 0,
      ask: (query, variables) => ask(agent, server.origin, { token, query, variables }),
      health: async (path) =>
        (await send(agent, server.origin + path, { method: 'GET', headers: {} })).status,
    };
  };
  try {
    // One after the other: the first pays for compiling, and the machine may have few cores.
    const servers: ServerProcess[] = [];
    while (servers.length < count) servers.push(await startOne());
    return { servers, logs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ask(
  agent: Agent,
  origin: string,
  operation: Parameters<typeof sendOperation>[2],
): Promise<unknown> {
  const { status, text } = await sendOperation(agent, origin, operation);
  const answer: { data?: unknown; errors?: unknown } = JSON.parse(text);
  if (status !== 200 || answer.errors !== undefined) throw new Error(`${status}: ${text}`);
  return answer.data;
}
