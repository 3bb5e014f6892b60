import closeWithGrace from 'close-with-grace';
import { createApp, openPlatform } from '../app.ts';
import type { Config } from '../config.ts';
import { createDemoQueries } from '../domains/demo/queries.ts';
import { createDemoService } from '../domains/demo/service.ts';
import { beginSession } from './token.ts';

/** Whose tokens are printed on a start with demo data: an admin of the platform, and an ordinary member. */
const demoAdmin = 'ada@acme.example';
const demoMember = 'grace@acme.example';
const atStart = { tenantSlug: null, device: 'the start of the server' };

/** Answers requests until the process is told to stop. Answers 0 as soon as it listens. */
export async function serveCommand(config: Config): Promise<number> {
  const platform = await openPlatform(config);
  const app = createApp({ ...platform, config });
  const isDemo = config.database.url === null;
  if (isDemo) await createDemoService({ queries: createDemoQueries(platform.database) }).seedIfEmpty();

  const tokens = isDemo
    ? {
        admin: await beginSession(app, { user: demoAdmin, ...atStart }),
        member: await beginSession(app, { user: demoMember, ...atStart }),
      }
    : null;
  const server = await app.createServer(tokens?.admin ?? null);
  // The first statement of Prisma's client compiles WebAssembly, which no request should wait for.
  await platform.database.warmUp();
  const address = await server.listen({ host: config.host, port: config.port });
  closeWithGrace({ delay: 10_000, logger: false }, async ({ err }) => {
    if (err !== undefined) platform.logger.fatal({ err }, 'the process met a defect and stops');
    await server.close();
    await platform.close();
  });
  console.log(welcome(config, address, tokens));
  return 0;
}

function welcome(
  config: Config,
  address: string,
  tokens: { readonly admin: string; readonly member: string } | null,
): string {
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
