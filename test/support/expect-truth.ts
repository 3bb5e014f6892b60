import { expect } from 'vitest';
import type { LoadReport } from './truth-load.ts';

/**
 * No request failed, no answer was older than it may be, and few kept their reader waiting; prints how long they took. The
 * bound is far above what is promised: a machine that is busy with other things must not fail a test.
 */
export function expectTruth(fault: string, report: LoadReport, p99MaxMs = 2000): void {
  console.info(describeReport(fault, report));
  expect(report.failures).toEqual([]);
  expect(report.stale).toEqual([]);
  expect(report.writes).toBeGreaterThan(1);
  for (const phase of report.phases) expect(phase.p99Ms).toBeLessThan(p99MaxMs);
}

function describeReport(fault: string, { reads, writes, phases }: LoadReport): string {
  const parts = phases
    .filter((phase) => phase.reads > 0)
    .map(({ name, reads: count, p50Ms, p99Ms, maxMs }) => {
      const [p50, p99, max] = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1));
      return `  ${name}: ${count} reads, p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
    });
  return [`${fault}: ${reads} reads, ${writes} writes`, ...parts].join('\n');
}
