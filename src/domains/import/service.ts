import type { Clock } from '../../platform/runtime/clock.ts';
import { readBatches, type Batch, type Entry } from './conversation-batches.ts';
import type { Line } from './lines.ts';
import { nothingImported, sumOf, type ImportCounts, type LineFault } from './model.ts';
import { NotStorable, type ImportQueries, type Stored } from './queries.ts';

/** The observer of an import. */
export interface ImportListener {
  onFault(fault: LineFault): void;
  /** Called after every transaction with the counts since the beginning of the file. */
  onProgress(counts: ImportCounts): void;
}

/** The service for imports of conversations. */
export type ImportService = ReturnType<typeof createImportService>;

/** Creates the service that imports conversations of other systems. */
export function createImportService(options: { readonly queries: ImportQueries; readonly clock: Clock }) {
  const { queries, clock } = options;

  async function store(batch: Batch, listener: ImportListener): Promise<ImportCounts> {
    const refused = { ...nothingImported, conversationsRefused: batch.linesRefused };
    if (batch.entries.length === 0) return refused;
    try {
      return sumOf(refused, await storeTogether(batch.entries));
    } catch (error) {
      if (!(error instanceof NotStorable)) throw error;
      return sumOf(refused, await storeOneByOne(batch.entries, listener));
    }
  }

  async function storeTogether(entries: readonly Entry[]): Promise<ImportCounts> {
    const conversations = entries.map(({ conversation }) => conversation);
    return countsOf(entries, await queries.store(conversations, new Date(clock.now())));
  }

  /** Stores conversations one by one, so that a rejected conversation does not prevent the others. */
  async function storeOneByOne(entries: readonly Entry[], listener: ImportListener): Promise<ImportCounts> {
    let counts = nothingImported;
    for (const entry of entries) {
      try {
        counts = sumOf(counts, await storeTogether([entry]));
      } catch (error) {
        if (!(error instanceof NotStorable)) throw error;
        listener.onFault({ line: entry.line, reason: `the database refuses it: ${error.message}` });
        counts = sumOf(counts, { ...nothingImported, conversationsRefused: 1 });
      }
    }
    return counts;
  }

  return {
    /**
     * Imports the lines of one file, each completely or not at all; existing conversations stay unchanged.
     * Reads at most one transaction ahead of the database.
     * @throws Unavailable if the database is unreachable; what has been imported stays, and the file can be
     * imported again
     */
    async importLines(lines: AsyncIterable<Line>, listener: ImportListener): Promise<ImportCounts> {
      let counts = nothingImported;
      const storeNext = async (batch: Batch) => {
        const isFirst = counts.conversationsAdded === 0;
        counts = sumOf(counts, await store(batch, listener));
        if (isFirst && counts.conversationsAdded > 0) await queries.analyzeReferenced();
        listener.onProgress(counts);
      };

      let storing = Promise.resolve();
      for await (const batch of readBatches(lines, (fault) => listener.onFault(fault))) {
        await storing;
        storing = storeNext(batch);
        // The promise is awaited after the next batch is read; an earlier rejection must not count as
        // unhandled.
        storing.catch(() => undefined);
      }
      await storing;
      return counts;
    },

    /**
     * Updates the planner's statistics after imports that inserted rows; once is enough for several files.
     */
    async finish(): Promise<void> {
      await queries.analyze();
    },
  };
}

function countsOf(entries: readonly Entry[], stored: Stored): ImportCounts {
  return {
    conversationsAdded: stored.conversations,
    conversationsAlreadyThere: entries.length - stored.conversations,
    conversationsRefused: 0,
    messagesAdded: stored.messages,
    authorsAdded: stored.authors,
  };
}
