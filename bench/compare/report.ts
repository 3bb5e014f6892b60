import { cpus, release, totalmem } from 'node:os';
import type { Measured } from './rounds.ts';
import { workloadTitles, type WorkloadName } from './workloads.ts';

/** The results of a run. */
export interface Report {
  readonly date: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryGb: number;
    readonly kernel: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly plan: {
    readonly rounds: number;
    readonly seconds: number;
    readonly connections: number;
    readonly generator: string;
  };
  readonly memoryMb: Readonly<Record<string, number>>;
  readonly workloads: Readonly<Partial<Record<WorkloadName, readonly Measured[]>>>;
}

/** The median and the range of several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Goals of a run: the least ratio of Parley's requests per second to another server's. */
const goals: Readonly<Record<string, Readonly<Partial<Record<WorkloadName, number>>>>> = {
  'mercurius + jit': { W1: 1.5, W2: 3, W3: 1.2, W4: 1.8, W6: 1, W7: 1 },
  'PostGraphile 5': { W1: 2.2, W2: 3.4, W3: 2, W4: 3, W6: 1, W7: 1 },
  'yoga + pothos-prisma': { W1: 3.5, W2: 6, W3: 5, W4: 6, W6: 1, W7: 1 },
  'Apollo + Prisma': { W1: 5.5, W2: 9, W3: 5.5, W4: 5, W6: 1, W7: 1 },
  'hand-written SQL': { W1: 0.9, W2: 2.6, W3: 1.1, W4: 1 },
};

/** Describes the machine of the run. */
export function describeMachine(): Report['machine'] {
  const [processor] = cpus();
  return {
    processor: processor?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
  };
}

/** Renders the report as Markdown. */
export function render(report: Report): string {
  const { machine, plan, versions } = report;
  const sections = Object.entries(report.workloads).map(([name, measured]) => sectionOf(name, measured));
  const memory = Object.entries(report.memoryMb).map(([name, mb]) => `${name} ${mb.toFixed(0)} MB`);
  return [
    `${report.date.slice(0, 10)}, ${machine.cores} × ${machine.processor}, ${machine.memoryGb} GB, Linux ${machine.kernel}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `${plan.rounds} rounds of ${plan.seconds} s, ${plan.connections} connections, ${plan.generator}`,
    ...sections,
    `Memory afterwards: ${memory.join(', ')}`,
  ].join('\n\n');
}

/** Returns the median and the range of values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  const lower = sorted[Math.ceil(middle) - 1] ?? NaN;
  return { median: (lower + upper) / 2, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

/** Returns the ratio of requests per second of two servers, computed per round. */
export function ratioOf(ours: Measured, theirs: Measured): Spread {
  return spreadOf(
    ours.rounds.map(({ perSecond }, index) => perSecond / (theirs.rounds[index]?.perSecond ?? NaN)),
  );
}

function sectionOf(name: string, measured: readonly Measured[]): string {
  const ours = measured.find(({ candidate }) => candidate === 'Parley');
  const rows = measured.map((each) => rowOf(name, each, ours));
  return [
    `## ${name}: ${titleOf(name)}`,
    '',
    '| | requests/s | min..max | p50 ms | p99 ms | statements | CPU ms, server | CPU ms, PostgreSQL | kB | Parley is faster by |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

function rowOf(workload: string, measured: Measured, ours: Measured | undefined): string[] {
  const { candidate, rounds, statementsPerRequest, answerBytes } = measured;
  const of = (pick: (round: Measured['rounds'][number]) => number) => spreadOf(rounds.map(pick));
  const rate = of(({ perSecond }) => perSecond);
  return [
    candidate,
    rate.median.toFixed(0),
    `${rate.min.toFixed(0)}..${rate.max.toFixed(0)}`,
    figure(of(({ p50Ms }) => p50Ms).median),
    figure(of(({ p99Ms }) => p99Ms).median),
    figure(statementsPerRequest, 1),
    figure(of(({ nodeCpuMs }) => nodeCpuMs).median, 3),
    figure(of(({ postgresCpuMs }) => postgresCpuMs).median, 3),
    figure(answerBytes / 1000, 1),
    ours === undefined || ours === measured ? '' : ratioText(workload, candidate, ratioOf(ours, measured)),
  ];
}

function ratioText(workload: string, candidate: string, { median, min, max }: Spread): string {
  const goal = Object.entries(goals[candidate] ?? {}).find(([name]) => name === workload)?.[1];
  const wanted = goal === undefined ? '' : median >= goal ? ` (goal ${goal})` : ` (**goal ${goal}**)`;
  return `${median.toFixed(2)} (${min.toFixed(2)}..${max.toFixed(2)})${wanted}`;
}

function titleOf(name: string): string {
  return Object.entries(workloadTitles).find(([workload]) => workload === name)?.[1] ?? '';
}

/** Formats a figure; empty for one that was not measured. */
function figure(value: number, digits = 1): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '';
}
