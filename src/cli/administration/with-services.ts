import { createApp, type App } from '../../app/app.ts';
import type { Config } from '../../app/config/config.ts';
import { withPlatform } from '../../app/open-platform.ts';

/** The parts of an app that administrative commands use. */
export type Services = Pick<App, 'queries' | 'services'>;

/**
 * Runs a command over the services that the mutations use. Its writes are complete once no server answers
 * with what they replaced.
 */
export async function withServices(
  config: Config,
  work: (services: Services) => Promise<void>,
): Promise<number> {
  return withPlatform(config, async (platform) => {
    const app = createApp({ ...platform, config });
    app.coherence.start();
    try {
      await work(app);
      return 0;
    } finally {
      await app.coherence.stop();
    }
  });
}
