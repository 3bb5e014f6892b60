import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's clock ticks per second; 100 on every Linux that Node supports. */
const ticksPerSecond = 100;

/** The CPU time of a process and all its children, including exited ones, in milliseconds. Linux only. */
export function cpuMsOf(pid: number): number {
  const [ownTicks, ticksOfEnded] = ticksOf(pid);
  const ofChildren = childrenOf(pid).reduce((sum, child) => sum + cpuMsOf(child), 0);
  return ((ownTicks + ticksOfEnded) * 1000) / ticksPerSecond + ofChildren;
}

/** The proportional memory (PSS) of a process and all its children, in megabytes. Linux only. */
export function memoryMbOf(pid: number): number {
  const kilobytes = Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  return kilobytes / 1024 + childrenOf(pid).reduce((sum, child) => sum + memoryMbOf(child), 0);
}

/** The resident memory (RSS) of one process, in megabytes. Linux only. */
export function residentMbOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

function ticksOf(pid: number): [number, number] {
  // The second field is a name in parentheses and may contain spaces; utime is the 14th.
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  const [user = 0, system = 0, userOfEnded = 0, systemOfEnded = 0] = fields.slice(11, 15).map(Number);
  return [user + system, userOfEnded + systemOfEnded];
}

function childrenOf(pid: number): number[] {
  return tasksOf(pid).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Returns an empty text for a process that has exited. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
