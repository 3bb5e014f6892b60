import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { createApp } from '../../app/app.ts';
import type { Config } from '../../app/config/config.ts';
import type { WorkerCluster } from '../../app/metrics/app-metrics.ts';
import type { Platform } from '../../app/open-platform.ts';
import { tuneGarbageCollection } from '../../platform/runtime/v8-flags.ts';

/** The initial state of a serving process. */
interface AnswerOptions {
  /** The number of most recently active users whose data is cached before the start. */
  readonly peopleToWarm: number;
  /** The token that the explorers open with. */
  readonly demoToken: string | null;
  /** Null for a single process. */
  readonly cluster: WorkerCluster | null;
}

/** The time limit for warming; orchestrators restart a server that takes longer to start. */
const warmingPatienceMs = 10_000;

/** The time limit for closing after the drain, in milliseconds. */
export const closingMs = 8000;

/** The part of the time limit after which running queries are cancelled. */
const queriesMs = 5000;

/**
 * The length of the accept queue, up to the system's limit (Linux: net.core.somaxconn). After a restart all
 * clients reconnect within a moment, and a full queue drops connections silently.
 */
const backlog = 4096;

/** Serves requests in this process until a signal stops it; resolves with the address when it listens. */
export async function answerRequests(
  config: Config,
  platform: Platform,
  options: AnswerOptions,
): Promise<string> {
  tuneGarbageCollection();
  const stopping = new AbortController();
  const { server, address, requests } = await listen(config, platform, options, stopping.signal);
  const { drainMs } = config.http;
  endOnce(drainMs + closingMs, async ({ err, signal }) => {
    if (err !== undefined) platform.logger.fatal({ err }, 'unhandled error: the process stops');
    stopping.abort();
    requests.isDraining = true;
    // With Ctrl-C there is no load balancer that must notice first.
    if (signal === 'SIGTERM') await sleep(drainMs);
    setTimeout(() => requests.abortAll(), queriesMs).unref();
    await server.close();
    await platform.close();
  });
  return address;
}

async function listen(
  config: Config,
  platform: Platform,
  { peopleToWarm, demoToken, cluster }: AnswerOptions,
  signal: AbortSignal,
) {
  // The first statement of Prisma's client compiles WebAssembly and blocks the process: it must neither delay
  // a request nor let the first statements of the notification connection time out.
  await platform.database.warmUp();
  const app = createApp({ ...platform, config, cluster });
  const server = await app.createServer(demoToken);
  try {
    if (peopleToWarm > 0) {
      await app.warming.warmWithin(warmingPatienceMs, { recentlyActive: peopleToWarm, signal });
    }
    const address = await server.listen({ host: config.host, port: config.port, backlog });
    return { server, address, requests: app.requests };
  } catch (error) {
    // Background work, such as the notification connection, would keep the process alive.
    await server.close();
    throw error;
  }
}

/** The cause of the end of the process: an error or a signal. */
interface Ending {
  readonly err?: Error | undefined;
  readonly signal?: NodeJS.Signals | undefined;
}

/**
 * A second signal exits immediately, except in a worker, which receives Ctrl-C both from the terminal and its
 * primary.
 */
function endOnce(withinMs: number, end: (ending: Ending) => Promise<void>): void {
  const options = { delay: withinMs, logger: false } as const;
  if (!cluster.isWorker) {
    closeWithGrace(options, end);
    return;
  }
  const signals = ['SIGINT', 'SIGTERM'] as const;
  let received: NodeJS.Signals | undefined;
  const { close } = closeWithGrace({ ...options, skip: [...signals] }, ({ err }) =>
    end({ err, signal: received }),
  );
  for (const signal of signals) {
    process.on(signal, () => {
      if (received !== undefined) return;
      received = signal;
      close();
    });
  }
}
