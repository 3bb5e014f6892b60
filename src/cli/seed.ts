import type { Writable } from 'node:stream';
import { withPlatform } from '../app/open-platform.ts';
import type { Config } from '../app/config/config.ts';
import type { DemoSize } from '../domains/demo/model.ts';
import { createDemoQueries } from '../domains/demo/queries.ts';
import { createDemoService } from '../domains/demo/service.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createProgress, type ReportStream } from './progress.ts';

/** Where demo data goes and where that is reported. */
interface SeedSurroundings {
  readonly clock: Clock;
  readonly database: Database;
  /** For the summary. */
  readonly output: Writable;
  /** For progress. */
  readonly errors: ReportStream;
}

/** Fills in demo data; run again, it adds nothing. */
export async function seedCommand(config: Config, size: DemoSize): Promise<number> {
  // Everybody knows the password of the demo's admin.
  if (config.isProduction) throw new Error('There are no demo data in production.');
  return withPlatform(config, ({ clock, database }) =>
    seed(size, { clock, database, output: process.stdout, errors: process.stderr }),
  );
}

/** @throws Refusal with CONFLICT when somebody else has a slug or an e-mail address of the demo */
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
