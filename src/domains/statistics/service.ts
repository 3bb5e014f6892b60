import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { AuditNote } from '../audit/model.ts';
import type { Viewer } from '../session/model.ts';
import type { RemovedRows } from './model.ts';
import type { StatisticsQueries } from './queries.ts';

/** No more, because one statement that removes more makes every process forget all that its caches hold. */
const batchSize = 500;
/** Whatever has piled up beyond this waits for the next time. */
const batchesMax = 200;

export type StatisticsService = ReturnType<typeof createStatisticsService>;

/** Keeps what PostgreSQL knows of its tables fresh, and the tables free of what has expired. */
export function createStatisticsService(options: {
  readonly queries: StatisticsQueries;
  readonly clock: Clock;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  /** Puts what was done into the audit log. */
  readonly note: (viewer: Viewer, note: AuditNote) => Promise<void>;
}) {
  const { queries, clock, waitForInvalidation, note } = options;

  /**
   * Removes what has expired, batch by batch; answers how many rows of each table.
   * Stops where another process is at it, and between batches once the signal says so.
   */
  async function cleanUp(signal?: AbortSignal): Promise<readonly RemovedRows[]> {
    const removed = new Map<string, number>();
    for (let batch = 0; batch < batchesMax && signal?.aborted !== true; batch += 1) {
      const rowsByTable = await queries.removeExpired(batchSize, new Date(clock.now()));
      for (const { table, rows } of rowsByTable) removed.set(table, (removed.get(table) ?? 0) + rows);
      if (rowsByTable.every(({ rows }) => rows < batchSize)) break;
    }
    return Array.from(removed, ([table, rows]) => ({ table, rows }));
  }

  return {
    cleanUp,

    /** Runs `cleanUp` at an admin's request. */
    async cleanUpFor(viewer: Viewer): Promise<readonly RemovedRows[]> {
      // Before it is done: what can't be noted is not done.
      await note(viewer, { action: 'cleanupExpiredData', target: null });
      const removed = await cleanUp();
      await waitForInvalidation();
      return removed;
    },

    /** Has PostgreSQL look at every table again, so that it plans queries for the tables as they are. */
    async refreshFor(viewer: Viewer): Promise<void> {
      await note(viewer, { action: 'refreshStatistics', target: null });
      await queries.refresh();
    },
  };
}
