import { expect } from 'vitest';
import { describeReport, type LoadReport } from './truth-load.ts';

/**
 * No request failed, no answer was older than it may be, and few kept their reader waiting; prints how long
 * they took. The bound is far above what is promised: a machine that is busy with other things must not fail
 * a test.
 */
export function expectTruth(
  fault: string,
  report: LoadReport,
  { recoveryMs = 0, p99MaxMs = 2000 }: { readonly recoveryMs?: number; readonly p99MaxMs?: number } = {},
): void {
  console.info(`${describeReport(fault, report)}\n  recovered within ${recoveryMs.toFixed(0)} ms`);
  expect(report.failures).toEqual([]);
  expect(report.stale).toEqual([]);
  expect(report.writes).toBeGreaterThan(1);
  for (const phase of report.phases) expect(phase.p99Ms).toBeLessThan(p99MaxMs);
}
