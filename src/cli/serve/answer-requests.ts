import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { createApp } from '../../app/app.ts';
import type { Config } from '../../app/config/config.ts';
import type { Siblings } from '../../app/metrics/app-metrics.ts';
import type { Platform } from '../../app/open-platform.ts';
import { tuneGarbageCollection } from '../../platform/runtime/v8-flags.ts';

/** With what the process begins to answer. */
interface AnswerOptions {
  /** Fill the caches for so many of the most recently active people. */
  readonly peopleToWarm: number;
  /** What the explorers open with. */
  readonly demoToken: string | null;
  /** The workers that this process is one of; null where it stands alone. */
  readonly siblings: Siblings | null;
}

/** What warming may cost at start; a server that takes longer is taken for one that hangs. */
const warmingPatienceMs = 10_000;

/** How long the end may take once nothing more comes, in milliseconds. */
export const closingMs = 8000;

/** How much of that the queries under way have. */
const queriesMs = 5000;

/**
 * How many connections may wait to be taken, as far as the system allows (Linux: net.core.somaxconn). All clients come back
 * in one moment after a restart, and whoever does not fit in is not told.
 */
const backlog = 4096;

/** Answers requests in this process until it is told to stop; answers the address as soon as it listens. */
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
    if (err !== undefined) platform.logger.fatal({ err }, 'the process met a defect and stops');
    stopping.abort();
    requests.drain();
    // Whoever presses Ctrl-C has no load balancer that must notice first.
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
  { peopleToWarm, demoToken, siblings }: AnswerOptions,
  signal: AbortSignal,
) {
  const app = createApp({ ...platform, config, siblings });
  const server = await app.createServer(demoToken);
  try {
    // The first statement of Prisma's client compiles WebAssembly, which no request should wait for.
    await platform.database.warmUp();
    if (peopleToWarm > 0) {
      await app.warming.warmWithin(warmingPatienceMs, { recentlyActive: peopleToWarm, signal });
    }
    const address = await server.listen({ host: config.host, port: config.port, backlog });
    return { server, address, requests: app.requests };
  } catch (error) {
    // What it does beside answering, such as listening to the database, would keep the process alive.
    await server.close();
    throw error;
  }
}

/** What has ended the process: a defect or a signal. */
interface Ending {
  readonly err?: Error | undefined;
  readonly signal?: NodeJS.Signals | undefined;
}

/** A second signal ends the process at once, save in a worker, which hears of Ctrl-C both by itself and by its primary. */
function endOnce(withinMs: number, end: (ending: Ending) => Promise<void>): void {
  const options = { delay: withinMs, logger: false } as const;
  if (!cluster.isWorker) {
    closeWithGrace(options, end);
    return;
  }
  const signals = ['SIGINT', 'SIGTERM'] as const;
  let told: NodeJS.Signals | undefined;
  const { close } = closeWithGrace({ ...options, skip: [...signals] }, ({ err }) =>
    end({ err, signal: told }),
  );
  for (const signal of signals) {
    process.on(signal, () => {
      if (told !== undefined) return;
      told = signal;
      close();
    });
  }
}
