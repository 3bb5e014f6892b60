import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import type { AuditNote } from '../audit/model.ts';
import type { Viewer } from '../session/model.ts';
import type { RemovedRows } from './model.ts';
import type { StatisticsQueries } from './queries.ts';

/**
 * The maximum number of rows per statement: larger deletes make every process invalidate its whole caches.
 */
const batchSize = 500;
/** The maximum number of batches per run; further rows wait for the next run. */
const batchesMax = 200;

/** The service for statistics. */
export type StatisticsService = ReturnType<typeof createStatisticsService>;

/** Creates the service that deletes expired data and updates the planner's statistics. */
export function createStatisticsService(options: {
  readonly queries: StatisticsQueries;
  readonly clock: Clock;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  /** The time for which changes of messages are kept. */
  readonly changesKeptMs: number;
  /** Writes an action to the audit log. */
  readonly note: (viewer: Viewer, note: AuditNote) => Promise<void>;
}) {
  const { queries, changesKeptMs, clock, waitForInvalidation, note } = options;

  /**
   * Deletes expired rows in batches and returns their number by table. Stops if another process is cleaning
   * up, and between batches once the signal is aborted.
   */
  async function cleanUp(signal?: AbortSignal): Promise<readonly RemovedRows[]> {
    const removed = new Map<string, number>();
    for (let batch = 0; batch < batchesMax && signal?.aborted !== true; batch += 1) {
      const rowsByTable = await queries.removeExpired(batchSize, new Date(clock.now()), changesKeptMs);
      for (const { table, rows } of rowsByTable) removed.set(table, (removed.get(table) ?? 0) + rows);
      if (rowsByTable.every(({ rows }) => rows < batchSize)) break;
    }
    return Array.from(removed, ([table, rows]) => ({ table, rows }));
  }

  return {
    cleanUp,

    /** Runs `cleanUp` at an admin's request. */
    async cleanUpFor(viewer: Viewer): Promise<readonly RemovedRows[]> {
      // Before the clean-up: without an audit entry there must be none.
      await note(viewer, { action: 'cleanupExpiredData', target: null });
      const removed = await cleanUp();
      await waitForInvalidation();
      return removed;
    },

    /** Updates the planner's statistics of all tables at an admin's request. */
    async refreshFor(viewer: Viewer): Promise<void> {
      await note(viewer, { action: 'refreshStatistics', target: null });
      await queries.refresh();
    },
  };
}
