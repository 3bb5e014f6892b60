import cluster from 'node:cluster';
import { once } from 'node:events';
import closeWithGrace from 'close-with-grace';
import { z } from 'zod';
import type { Config } from '../../app/config/config.ts';
import { openPlatform, type Platform } from '../../app/open-platform.ts';
import { answerRequests, closingMs } from './answer-requests.ts';
import { demoAdmin, demoMember, prepareDemo, type DemoTokens } from './demo-tokens.ts';
import { GatheredMetrics } from './gathered-metrics.ts';
import { SiblingWorkers } from './sibling-workers.ts';
import { Workers } from './workers.ts';

/** How the server is to start. */
export interface ServeOptions {
  /** Fill the caches for so many of the most recently active people; 0 begins with empty caches. */
  readonly warm: number;
  /** How many processes answer; 1 is this one alone. */
  readonly workers: number;
}

/** What a worker is told once it can hear. */
const greeting = z.object({ demoToken: z.string().nullable(), worker: z.string() });

/** What the workers' own deadline may be exceeded by before they are given up. */
const graceMs = 2000;

/** Answers requests until the process is told to stop. Answers 0 as soon as it listens. */
export async function serveCommand(config: Config, options: ServeOptions): Promise<number> {
  if (cluster.isWorker) return await serveAsWorker(config, options);
  const platform = await openPlatform(config);
  try {
    const tokens = config.database.url === null ? await prepareDemo(config, platform) : null;
    const demoToken = tokens?.admin ?? null;
    const address =
      options.workers === 1
        ? await answerRequests(config, platform, { peopleToWarm: options.warm, demoToken, siblings: null })
        : await serveWithWorkers(config, platform, options.workers, demoToken);
    console.log(welcome(config, address, tokens));
    return 0;
  } catch (error) {
    await platform.close();
    throw error;
  }
}

/** Everything that is to be done once is done by the process that started this one. */
async function serveAsWorker(config: Config, { warm }: ServeOptions): Promise<number> {
  const greeted = once(process, 'message');
  process.send?.('ready');
  const [message] = await greeted;
  const { demoToken, worker } = greeting.parse(message);
  // A worker that cannot begin shall end, although it still could be talked to.
  process.channel?.unref();
  const platform = await openPlatform(config);
  try {
    const siblings = new SiblingWorkers(worker, platform.logger);
    await answerRequests(config, platform, { peopleToWarm: warm, demoToken, siblings });
    return 0;
  } catch (error) {
    await platform.close();
    throw error;
  }
}

async function serveWithWorkers(
  config: Config,
  { database, logger, ...platform }: Platform,
  count: number,
  demoToken: string | null,
): Promise<string> {
  const metrics = new GatheredMetrics(logger);
  const workers = new Workers({
    count,
    // With an embedded database they join the one that this process keeps running.
    environment: { DATABASE_URL: database.url },
    greeting: { demoToken },
    follow: (worker) => metrics.follow(worker),
    logger,
  });
  const port = await workers.start();
  const delay = config.http.drainMs + closingMs + graceMs;
  closeWithGrace({ delay, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) logger.fatal({ err }, 'the process met a defect and stops');
    await workers.stop(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    await platform.close();
  });
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return `http://${host}:${port}`;
}

function welcome(config: Config, address: string, tokens: DemoTokens | null): string {
  const lines = [`Parley answers on ${address}/graphql`];
  if (config.isExplorerEnabled) {
    lines.push(
      `  in a browser:  ${address}/graphql (Apollo Sandbox)  or  ${address}/explorer (works offline)`,
    );
  }
  if (tokens !== null) {
    lines.push(
      `  ${demoAdmin}, admin:    authorization: Bearer ${tokens.admin}`,
      `  ${demoMember}, member: authorization: Bearer ${tokens.member}`,
    );
  }
  return lines.join('\n');
}
