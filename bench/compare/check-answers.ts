import { meaningsOf, type Target } from './rounds.ts';
import type { BenchSetup } from './servers.ts';
import { isSameMeaning, type WorkloadName } from './workloads.ts';

/** Asks all of them all workloads and tells who answers otherwise than the first; false when somebody does. */
export async function checkAnswers(
  workloads: readonly WorkloadName[],
  targets: readonly Target[],
  setup: BenchSetup,
): Promise<boolean> {
  let isEqual = true;
  for (const workload of workloads) {
    // The mix is made of the others.
    if (workload === 'W7') continue;
    const odd = await oddOnesOut(workload, targets, setup);
    for (const each of odd) console.error(each);
    if (odd.length === 0) console.log(`${workload}: the same from all`);
    else isEqual = false;
  }
  return isEqual;
}

/** A member may read something else than an owner, and pgbench says nothing. */
async function oddOnesOut(
  workload: Exclude<WorkloadName, 'W7'>,
  targets: readonly Target[],
  setup: BenchSetup,
): Promise<string[]> {
  const odd: string[] = [];
  let expected: readonly unknown[] | null = null;
  for (const target of targets) {
    const { candidate } = target.running;
    if (candidate.program === null || candidate.role === 'member') continue;
    if (!candidate.workloads.includes(workload)) continue;
    try {
      const told = await meaningsOf(workload, target, setup);
      expected ??= told;
      const difference = firstDifference(expected, told);
      if (difference !== null) odd.push(`${workload}: ${candidate.name} answers otherwise.\n${difference}`);
    } catch (error) {
      odd.push(`${workload}: ${candidate.name} does not answer: ${String(error)}`);
    }
  }
  return odd;
}

function firstDifference(expected: readonly unknown[], told: readonly unknown[]): string | null {
  const place = told.findIndex((meaning, index) => !isSameMeaning(meaning, expected[index]));
  if (place < 0) return null;
  const shown = (meaning: unknown) => JSON.stringify(meaning).slice(0, 1500);
  return `  expected ${shown(expected[place])}\n  answered ${shown(told[place])}`;
}
