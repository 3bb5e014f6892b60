import cluster from 'node:cluster';
import { once } from 'node:events';
import closeWithGrace from 'close-with-grace';
import { z } from 'zod';
import type { Config } from '../../app/config/config.ts';
import { openPlatform, type Platform } from '../../app/open-platform.ts';
import { createAdministrationQueries } from '../../domains/administration/queries.ts';
import { answerRequests, closingMs } from './answer-requests.ts';
import { demoAdmin, demoMember, prepareDemo, type DemoTokens } from './demo-tokens.ts';
import { ClusterMetrics } from './cluster-metrics.ts';
import { WorkerChannel } from './worker-channel.ts';
import { Workers } from './workers.ts';

/** The options of `parley serve`. */
export interface ServeOptions {
  /** The number of most recently active users whose data is cached before the start; 0 for empty caches. */
  readonly warm: number;
  /** The number of processes; 1 for this process alone. */
  readonly workers: number;
}

/** The first message to a worker. */
const greeting = z.object({ demoToken: z.string().nullable(), worker: z.string() });

/** The tolerance beyond the workers' own deadline. */
const graceMs = 2000;

/** Serves requests until a signal stops the process; resolves with 0 when the process listens. */
export async function serveCommand(config: Config, options: ServeOptions): Promise<number> {
  if (cluster.isWorker) return await serveAsWorker(config, options);
  const platform = await openPlatform(config);
  try {
    if (config.isProduction) await warnWithoutAdmin(platform);
    const tokens = config.database.url === null ? await prepareDemo(config, platform) : null;
    const demoToken = tokens?.admin ?? null;
    const address =
      options.workers === 1
        ? await answerRequests(config, platform, { peopleToWarm: options.warm, demoToken, cluster: null })
        : await serveWithWorkers(config, platform, options.workers, demoToken);
    console.log(welcome(config, address, tokens));
    return 0;
  } catch (error) {
    await platform.close();
    throw error;
  }
}

/** Logs once that the platform has no admin, because its settings and models then cannot be changed. */
async function warnWithoutAdmin({ database, logger }: Platform): Promise<void> {
  if (await createAdministrationQueries(database).hasPlatformAdmin()) return;
  logger.warn('no platform admin: create one with parley admin create');
}

/** Serves as one of several workers; migrations and demo data are up to the primary process. */
async function serveAsWorker(config: Config, { warm }: ServeOptions): Promise<number> {
  const greeted = once(process, 'message');
  process.send?.('ready');
  const [message] = await greeted;
  const { demoToken, worker } = greeting.parse(message);
  // A worker that fails to start must exit, although its message channel is open.
  process.channel?.unref();
  const platform = await openPlatform(config);
  try {
    const channel = new WorkerChannel(worker, platform.logger);
    await answerRequests(config, platform, { peopleToWarm: warm, demoToken, cluster: channel });
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
  const metrics = new ClusterMetrics(logger);
  const workers = new Workers({
    count,
    // With an embedded database the workers use the one of this process.
    environment: { DATABASE_URL: database.url },
    greeting: { demoToken },
    follow: (worker) => metrics.follow(worker),
    logger,
  });
  const port = await workers.start();
  const delay = config.http.drainMs + closingMs + graceMs;
  closeWithGrace({ delay, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) logger.fatal({ err }, 'unhandled error: the process stops');
    await workers.stop(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    await platform.close();
  });
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return `http://${host}:${port}`;
}

function welcome(config: Config, address: string, tokens: DemoTokens | null): string {
  const lines = [`Parley is listening on ${address}/graphql`];
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
