import type { BenchDatabase } from './bench-database.ts';
import { sendLoad, type LoadResult } from './load.ts';
import { runPgbench } from './pgbench.ts';
import { cpuMsOf, memoryMbOf } from './process-cost.ts';
import type { BenchSetup, RunningCandidate } from './servers.ts';
import { normalizedAnswer, operationsOf, type Operation, type WorkloadName } from './workloads.ts';

/** The result of one server in one round of one workload. */
export interface Round extends LoadResult {
  readonly nodeCpuMs: number;
  readonly postgresCpuMs: number;
}

/** All rounds of one server in a workload, with the figures that do not vary between rounds. */
export interface Measured {
  readonly candidate: string;
  readonly rounds: readonly Round[];
  /** NaN when not counted, as for pgbench. */
  readonly statementsPerRequest: number;
  readonly answerBytes: number;
}

/** A running server with the headers of its clients. */
export interface Target {
  readonly running: RunningCandidate;
  readonly headersOf: (operation: Operation) => Readonly<Record<string, string>>;
}

/** The number of rounds, their duration and the number of connections. */
export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly scratchDirectory: string;
}

/**
 * Measures all servers in turn in each round; every round starts with another server, because the machine's
 * speed drifts.
 */
export async function runRounds(
  workload: WorkloadName,
  targets: readonly Target[],
  setup: BenchSetup,
  database: Pick<BenchDatabase, 'postmaster'>,
  plan: Plan,
): Promise<Measured[]> {
  const roundsByName = new Map<string, Round[]>();
  for (let round = 0; round < plan.rounds; round += 1) {
    const first = round % targets.length;
    for (const target of [...targets.slice(first), ...targets.slice(0, first)]) {
      const { name } = target.running.candidate;
      const result = await measure(workload, target, setup, database, plan);
      roundsByName.set(name, [...(roundsByName.get(name) ?? []), result]);
    }
  }
  return targets.map(({ running: { candidate } }) => ({
    candidate: candidate.name,
    rounds: roundsByName.get(candidate.name) ?? [],
    statementsPerRequest: NaN,
    answerBytes: NaN,
  }));
}

async function measure(
  workload: WorkloadName,
  { running, headersOf }: Target,
  setup: BenchSetup,
  database: Pick<BenchDatabase, 'postmaster'>,
  plan: Plan,
): Promise<Round> {
  const { candidate, url, pid } = running;
  const operations = operationsOf(candidate.dialect, workload, setup.fixtures);
  const requests = operations.map((operation) => ({
    body: JSON.stringify(bodyOf(operation)),
    headers: headersOf(operation),
  }));
  const send = async (seconds: number): Promise<LoadResult> => {
    if (candidate.program !== null) return await sendLoad({ ...plan, url, requests, seconds });
    const connections = setup.poolSize;
    const result = await runPgbench(workload, { ...setup, ...plan, connections, seconds });
    if (result === null) throw new Error(`pgbench does not know ${workload}.`);
    return result;
  };
  // A warm-up, because the other servers used the CPU caches meanwhile.
  await send(Math.max(1, Math.round(plan.seconds / 5)));
  const before = [cpuMsOf(pid), cpuMsOf(database.postmaster)] as const;
  const result = await send(plan.seconds);
  if (result.failures > 0)
    throw new Error(`${candidate.name} failed ${result.failures} times in ${workload}.`);
  return {
    ...result,
    nodeCpuMs: (cpuMsOf(pid) - before[0]) / result.requests,
    postgresCpuMs: (cpuMsOf(database.postmaster) - before[1]) / result.requests,
  };
}

/** Returns the request body of an operation. */
export function bodyOf({ query, variables, workload }: Operation): object {
  return { operationName: workload, query, variables };
}

/**
 * Sends the first operations of a workload and returns their normalized answers. @throws Error for an error
 * response
 */
export async function normalizedAnswers(
  workload: Exclude<WorkloadName, 'W7'>,
  { running, headersOf }: Target,
  setup: BenchSetup,
): Promise<readonly unknown[]> {
  const { candidate } = running;
  const operations = operationsOf(candidate.dialect, workload, setup.fixtures).slice(0, 20);
  const answers = [];
  for (const operation of operations) {
    const answer = await sendOperation(running.url, operation, headersOf(operation));
    answers.push(normalizedAnswer(candidate.dialect, workload, answer));
  }
  return answers;
}

/**
 * Counts are repeated and the least one is taken, because background statements of other servers only add to
 * a count.
 */
const requestsCounted = 100;
const countsTaken = 3;

/** Counts the SQL statements of a request and the bytes of its response. */
export async function countStatements(
  workload: WorkloadName,
  { running, headersOf }: Target,
  setup: BenchSetup,
  { client }: BenchDatabase,
): Promise<{ readonly statementsPerRequest: number; readonly answerBytes: number }> {
  const operations = operationsOf(running.candidate.dialect, workload, setup.fixtures);
  const counts = [];
  let answerBytes = NaN;
  for (let time = 1; time <= countsTaken; time += 1) {
    let bytes = 0;
    await client.query('select pg_stat_statements_reset()');
    for (let index = 0; index < requestsCounted; index += 1) {
      const operation = operations[index % operations.length];
      if (operation === undefined) continue;
      bytes += Buffer.byteLength(await sendOperation(running.url, operation, headersOf(operation)));
    }
    counts.push((await callsCounted(client)) / requestsCounted);
    answerBytes = bytes / requestsCounted;
  }
  return { statementsPerRequest: Math.min(...counts), answerBytes };
}

/** Excludes the heartbeats and other periodic statements of idle servers. */
async function callsCounted(client: BenchDatabase['client']): Promise<number> {
  const { rows } = await client.query<{ calls: number }>(`select coalesce(sum(calls), 0)::integer as calls
    from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
      and query !~* 'pg_stat_statements|cache_processes|cache_epochs|pg_notify|pg_advisory|listen'`);
  return rows[0]?.calls ?? NaN;
}

/** Sends one operation and returns the response body. @throws Error for an HTTP error */
export async function sendOperation(
  url: string,
  operation: Operation,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(bodyOf(operation)) });
  const text = await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${text.slice(0, 500)}`);
  return text;
}

/** Returns the current memory of each server, in megabytes. */
export function memoryOf(targets: readonly Target[]): Map<string, number> {
  return new Map(
    targets
      .filter(({ running }) => running.candidate.program !== null)
      .map(({ running }) => [running.candidate.name, memoryMbOf(running.pid)]),
  );
}
