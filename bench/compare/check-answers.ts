import { isDeepStrictEqual } from 'node:util';
import { normalizedAnswers, type Target } from './rounds.ts';
import type { BenchSetup } from './servers.ts';
import type { WorkloadName } from './workloads.ts';

/**
 * Sends all workloads to all servers and prints every answer that differs from the first server's. Returns
 * false for a difference.
 */
export async function checkAnswers(
  workloads: readonly WorkloadName[],
  targets: readonly Target[],
  setup: BenchSetup,
): Promise<boolean> {
  let isEqual = true;
  for (const workload of workloads) {
    // The mix consists of the other workloads.
    if (workload === 'W7') continue;
    const differences = await differencesOf(workload, targets, setup);
    for (const each of differences) console.error(each);
    if (differences.length === 0) console.log(`${workload}: equal answers`);
    else isEqual = false;
  }
  return isEqual;
}

/**
 * Compares servers that read as the owner; a member may see other conversations, and pgbench returns no
 * answer.
 */
async function differencesOf(
  workload: Exclude<WorkloadName, 'W7'>,
  targets: readonly Target[],
  setup: BenchSetup,
): Promise<string[]> {
  const differences: string[] = [];
  let expected: readonly unknown[] | null = null;
  for (const target of targets) {
    const { candidate } = target.running;
    if (candidate.program === null || candidate.role === 'member') continue;
    if (!candidate.workloads.includes(workload)) continue;
    try {
      const answers = await normalizedAnswers(workload, target, setup);
      expected ??= answers;
      const difference = firstDifference(expected, answers);
      if (difference !== null)
        differences.push(`${workload}: ${candidate.name} returns a different answer.\n${difference}`);
    } catch (error) {
      differences.push(`${workload}: ${candidate.name} failed: ${String(error)}`);
    }
  }
  return differences;
}

function firstDifference(expected: readonly unknown[], answers: readonly unknown[]): string | null {
  const index = answers.findIndex((answer, at) => !isDeepStrictEqual(answer, expected[at]));
  if (index < 0) return null;
  const shown = (answer: unknown) => JSON.stringify(answer).slice(0, 1500);
  return `  expected ${shown(expected[index])}\n  received ${shown(answers[index])}`;
}
