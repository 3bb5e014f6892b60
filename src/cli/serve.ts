import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { createApp, type App } from '../app.ts';
import type { Config } from '../config.ts';
import { createDemoQueries } from '../domains/demo/queries.ts';
import { createDemoService } from '../domains/demo/service.ts';
import { Refusal } from '../platform/errors.ts';
import { openPlatform, type Platform } from '../open-platform.ts';
import { beginSession } from './token.ts';

/** Whose tokens are printed where there is demo data: an admin of the platform, and an ordinary member. */
const demoAdmin = 'ada@acme.example';
const demoMember = 'grace@acme.example';

interface DemoTokens {
  readonly admin: string;
  readonly member: string;
}

/** How the server is to start. */
export interface ServeOptions {
  /** Fill the caches for so many of the most recently active people; 0 begins with empty caches. */
  readonly warm: number;
}

/** What warming may cost at start; a server that takes longer is taken for one that hangs. */
const warmingPatienceMs = 10_000;

/** How long the end may take once nothing more comes, and how much of that the queries under way have. */
const closingMs = 8000;
const queriesMs = 5000;

/**
 * How many connections may wait to be taken, as far as the system allows (Linux: net.core.somaxconn). All clients come back
 * in one moment after a restart, and whoever does not fit in is not told.
 */
const backlog = 4096;

/** Answers requests until the process is told to stop. Answers 0 as soon as it listens. */
export async function serveCommand(config: Config, options: ServeOptions): Promise<number> {
  const platform = await openPlatform(config);
  const stopping = new AbortController();
  try {
    const { server, address, tokens, requests } = await listen(
      config,
      platform,
      options.warm,
      stopping.signal,
    );
    const { drainMs } = config.frontDoor;
    closeWithGrace({ delay: drainMs + closingMs, logger: false }, async ({ err, signal }) => {
      if (err !== undefined) platform.logger.fatal({ err }, 'the process met a defect and stops');
      stopping.abort();
      requests.drain();
      // Whoever presses Ctrl-C has no load balancer that must notice first.
      if (signal === 'SIGTERM') await sleep(drainMs);
      setTimeout(() => requests.cutShort(), queriesMs).unref();
      await server.close();
      await platform.close();
    });
    console.log(welcome(config, address, tokens));
    return 0;
  } catch (error) {
    await platform.close();
    throw error;
  }
}

async function listen(config: Config, platform: Platform, peopleToWarm: number, signal: AbortSignal) {
  const app = createApp({ ...platform, config });
  const tokens = config.database.url === null ? await prepareDemo(app, platform) : null;
  const server = await app.createServer(tokens?.admin ?? null);
  try {
    // The first statement of Prisma's client compiles WebAssembly, which no request should wait for.
    await platform.database.warmUp();
    if (peopleToWarm > 0) {
      await app.warming.warmWithin(warmingPatienceMs, { recentlyActive: peopleToWarm, signal });
    }
    const address = await server.listen({ host: config.host, port: config.port, backlog });
    return { server, address, tokens, requests: app.requests };
  } catch (error) {
    // What it does beside answering, such as listening to the database, would keep the process alive.
    await server.close();
    throw error;
  }
}

/** Demo data for whoever has just installed Parley, and tokens to use them; null where others have moved in. */
async function prepareDemo(app: App, { database, logger }: Platform): Promise<DemoTokens | null> {
  const demo = createDemoService({ queries: createDemoQueries(database) });
  try {
    await demo.seedIfUninhabited();
  } catch (error) {
    // An import may have taken a name of the demo; what people brought goes first, and the server starts without the demo.
    if (!(error instanceof Refusal) || error.code !== 'CONFLICT') throw error;
    logger.warn(error.message);
  }
  const people = await Promise.all(
    [demoAdmin, demoMember].map((email) => app.queries.session.credentialsByEmail(email)),
  );
  if (people.some((person) => person === null || !person.isActive || person.memberships.length === 0))
    return null;
  const request = { tenantSlug: null, device: 'the start of the server' };
  return {
    admin: await beginSession(app, { ...request, user: demoAdmin }),
    member: await beginSession(app, { ...request, user: demoMember }),
  };
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
