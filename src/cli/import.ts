import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { withPlatform } from '../app/open-platform.ts';
import type { Config } from '../app/config/config.ts';
import { readLines } from '../domains/import/lines.ts';
import { nothingImported, sumOf, type ImportCounts } from '../domains/import/model.ts';
import { createImportQueries } from '../domains/import/queries.ts';
import { createImportService, type ImportService } from '../domains/import/service.ts';
import { readBytes } from '../domains/import/source.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createProgress, type ReportStream } from './progress.ts';

/** The input and output streams of an import. */
interface ImportSurroundings {
  readonly clock: Clock;
  readonly database: Database;
  /** The stream that the file name `-` reads. */
  readonly input: Readable;
  /** For the summary. */
  readonly output: Writable;
  /** For errors and progress. */
  readonly errors: ReportStream;
}

/** Imports files of conversations; resolves with 1 when a line was rejected. */
export async function importCommand(config: Config, files: readonly string[]): Promise<number> {
  return withPlatform(config, ({ clock, database }) =>
    importFiles(files, {
      clock,
      database,
      input: process.stdin,
      output: process.stdout,
      errors: process.stderr,
    }),
  );
}

/**
 * Imports files of conversations in order; resolves with 1 when a line was rejected.
 * @throws Unavailable when the database does not respond
 */
export async function importFiles(
  files: readonly string[],
  surroundings: ImportSurroundings,
): Promise<number> {
  const { clock, database, output, errors } = surroundings;
  const service = createImportService({ queries: createImportQueries(database), clock });
  const startedAt = clock.now();
  let counts = nothingImported;
  try {
    for (const file of files) counts = sumOf(counts, await importFile(file, service, surroundings));
  } catch (error) {
    errors.write(
      'The import has stopped. Run it again with the same files to import the rest; nothing is imported twice.\n',
    );
    throw error;
  }
  if (counts.conversationsAdded > 0) await service.finish();
  output.write(summary(counts, clock.now() - startedAt));
  return counts.conversationsRefused > 0 ? 1 : 0;
}

async function importFile(
  file: string,
  service: ImportService,
  { clock, input, errors }: ImportSurroundings,
): Promise<ImportCounts> {
  const isInput = file === '-';
  const label = isInput ? 'standard input' : file;
  const total = isInput ? null : await sizeOf(file);
  const progress = createProgress({ stream: errors, clock, label, total });
  let bytesRead = 0;
  const bytes = readBytes(isInput ? input : createReadStream(file), (count) => {
    bytesRead += count;
  });
  try {
    return await service.importLines(readLines(bytes), {
      onFault: ({ line, reason }) => progress.note(`${label}:${line}: ${printable(reason)}`),
      onProgress: (counts) => progress.update(bytesRead, progressText(counts)),
    });
  } finally {
    progress.stop();
  }
}

/** Returns null on failure, which reading the file reports with its reason. */
async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch {
    return null;
  }
}

/** Replaces control characters, because a reason can quote the file and must not control the terminal. */
function printable(reason: string): string {
  return reason.replaceAll(/\p{Cc}/gu, '\uFFFD');
}

function progressText(counts: ImportCounts): string {
  const conversations = counts.conversationsAdded + counts.conversationsAlreadyThere;
  return `${formatted(conversations)} conversations, ${formatted(counts.messagesAdded)} messages added`;
}

function summary(counts: ImportCounts, durationMs: number): string {
  const seconds = durationMs / 1000;
  const perSecond = seconds > 0 ? Math.round(counts.messagesAdded / seconds) : counts.messagesAdded;
  return [
    `conversations: ${formatted(counts.conversationsAdded)} added, ` +
      `${formatted(counts.conversationsAlreadyThere)} already present, ${formatted(counts.conversationsRefused)} refused`,
    `messages: ${formatted(counts.messagesAdded)} added, by ${formatted(counts.authorsAdded)} new authors`,
    `${seconds.toFixed(1)} s, ${formatted(perSecond)} messages per second\n`,
  ].join('\n');
}

function formatted(count: number): string {
  return count.toLocaleString('en');
}
