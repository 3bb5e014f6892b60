import type { Clock } from '../../platform/runtime/clock.ts';
import { readBatches, type Batch, type Entry } from './conversation-batches.ts';
import type { Line } from './lines.ts';
import { nothingImported, sumOf, type ImportCounts, type LineFault } from './model.ts';
import { NotStorable, type ImportQueries, type Stored } from './queries.ts';

/** The observer of an import. */
export interface ImportListener {
  onFault(fault: LineFault): void;
  /** After every transaction; counted from the beginning of the file. */
  onProgress(counts: ImportCounts): void;
}

export type ImportService = ReturnType<typeof createImportService>;

/** Takes in conversations that were held elsewhere. */
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

  /** A conversation that PostgreSQL refuses shall keep no other out. */
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
     * Takes in the lines of one file, each all or not at all; a conversation that is there already stays as
     * it is. Reads one transaction's worth ahead of the database, never more.
     * @throws Unavailable when the database is away; what went in until then is in, and the file can be given
     * again
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
        // It is awaited when the next batch has been read; a failure before that must not count as unhandled.
        storing.catch(() => undefined);
      }
      await storing;
      return counts;
    },

    /** Keeps queries quick after imports that have added something; once is enough for several files. */
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
