import type { Writable } from 'node:stream';
import { withPlatform } from '../app/open-platform.ts';
import type { Config } from '../app/config/config.ts';
import type { DemoSize } from '../domains/demo/model.ts';
import { createDemoQueries } from '../domains/demo/queries.ts';
import { createDemoService } from '../domains/demo/service.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createProgress, type ReportStream } from './progress.ts';

/** The database and output streams of the command. */
interface SeedSurroundings {
  readonly clock: Clock;
  readonly database: Database;
  /** For the summary. */
  readonly output: Writable;
  /** For progress. */
  readonly errors: ReportStream;
}

/** Adds demo data; a second run adds nothing. */
export async function seedCommand(config: Config, size: DemoSize): Promise<number> {
  // The password of the demo's admin is public.
  if (config.isProduction) throw new Error('Demo data cannot be added in production.');
  return withPlatform(config, ({ clock, database }) =>
    seed(size, { clock, database, output: process.stdout, errors: process.stderr }),
  );
}

/**
 * Adds demo data and prints a summary.
 * @throws Refusal with CONFLICT when a slug or an email address of the demo is taken
 */
export async function seed(
  size: DemoSize,
  { clock, database, output, errors }: SeedSurroundings,
): Promise<number> {
  const startedAt = clock.now();
  const progress = createProgress({ stream: errors, clock, label: 'demo data', total: 100 });
  try {
    const added = await createDemoService({ queries: createDemoQueries(database) }).seed({
      size,
      onProgress: (done, total) =>
        progress.update((100 * done) / total, `${formatted(done)} of ${formatted(total)} messages`),
    });
    const seconds = ((clock.now() - startedAt) / 1000).toFixed(1);
    output.write(
      `conversations: ${formatted(added.conversations)} added, messages: ${formatted(added.messages)} added, in ${seconds} s\n`,
    );
  } finally {
    progress.stop();
  }
  return 0;
}

function formatted(count: number): string {
  return count.toLocaleString('en');
}
