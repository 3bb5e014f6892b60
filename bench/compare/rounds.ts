import type { BenchDatabase } from './bench-database.ts';
import { sendLoad, type LoadResult } from './load.ts';
import { runPgbench } from './pgbench.ts';
import { cpuMsOf, memoryMbOf } from './process-cost.ts';
import type { Ground, Running } from './servers.ts';
import { meaningOf, operationsOf, type Operation, type WorkloadName } from './workloads.ts';

/** What one contestant did in one round of one workload. */
export interface Round extends LoadResult {
  readonly nodeCpuMs: number;
  readonly postgresCpuMs: number;
}

/** All rounds of a contestant in a workload, with what does not change from round to round. */
export interface Measured {
  readonly contestant: string;
  readonly rounds: Round[];
  statementsPerRequest: number;
  answerBytes: number;
}

/** A contestant with what its clients send. */
export interface Entrant {
  readonly running: Running;
  readonly headersOf: (operation: Operation) => Readonly<Record<string, string>>;
}

/** How long, how often, by how many. */
export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly workshop: string;
}

/** One round: every contestant in turn, beginning with another one each time. */
export async function runRound(
  workload: WorkloadName,
  entrants: readonly Entrant[],
  ground: Ground,
  database: BenchDatabase,
  plan: Plan,
): Promise<Map<string, Round>> {
  const rounds = new Map<string, Round>();
  for (const entrant of entrants) {
    rounds.set(entrant.running.contestant.name, await measure(workload, entrant, ground, database, plan));
  }
  return rounds;
}

async function measure(
  workload: WorkloadName,
  { running, headersOf }: Entrant,
  ground: Ground,
  database: BenchDatabase,
  plan: Plan,
): Promise<Round> {
  const { contestant, url, pid } = running;
  const operations = operationsOf(contestant.dialect, workload, ground.fixtures);
  const requests = operations.map((operation) => ({
    body: JSON.stringify(bodyOf(operation)),
    headers: headersOf(operation),
  }));
  const send = async (seconds: number): Promise<LoadResult> => {
    if (contestant.program !== null) return await sendLoad({ ...plan, url, requests, seconds });
    const connections = ground.poolSize;
    const result = await runPgbench(workload, { ...ground, ...plan, connections, seconds });
    if (result === null) throw new Error(`pgbench does not know ${workload}.`);
    return result;
  };
  // The others had the processor and its caches meanwhile.
  await send(Math.max(1, Math.round(plan.seconds / 5)));
  const before = [cpuMsOf(pid), cpuMsOf(database.postmaster)] as const;
  const result = await send(plan.seconds);
  if (result.failures > 0)
    throw new Error(`${contestant.name} failed ${result.failures} times in ${workload}.`);
  return {
    ...result,
    nodeCpuMs: (cpuMsOf(pid) - before[0]) / result.requests,
    postgresCpuMs: (cpuMsOf(database.postmaster) - before[1]) / result.requests,
  };
}

/** What is sent of an operation. */
export function bodyOf({ query, variables, workload }: Operation): object {
  return { operationName: workload, query, variables };
}

/** Sends each operation of a workload once, and answers what each answer says. @throws Error for one that is no answer */
export async function meaningsOf(
  workload: Exclude<WorkloadName, 'W7'>,
  { running, headersOf }: Entrant,
  ground: Ground,
): Promise<readonly unknown[]> {
  const { contestant } = running;
  const operations = operationsOf(contestant.dialect, workload, ground.fixtures).slice(0, 20);
  const meanings = [];
  for (const operation of operations) {
    const answer = await ask(running.url, operation, headersOf(operation));
    meanings.push(meaningOf(contestant.dialect, workload, answer));
  }
  return meanings;
}

/** How many requests are counted, one after the other, and how often: the other servers can only add to a count. */
const requestsCounted = 100;
const countsTaken = 3;

/** How many statements a request takes and how long its answer is. */
export async function countStatements(
  workload: WorkloadName,
  { running, headersOf }: Entrant,
  ground: Ground,
  { client }: BenchDatabase,
): Promise<{ readonly statementsPerRequest: number; readonly answerBytes: number }> {
  const operations = operationsOf(running.contestant.dialect, workload, ground.fixtures);
  const counts = [];
  let answerBytes = NaN;
  for (let time = 1; time <= countsTaken; time += 1) {
    let bytes = 0;
    await client.query('select pg_stat_statements_reset()');
    for (let index = 0; index < requestsCounted; index += 1) {
      const operation = operations[index % operations.length];
      if (operation === undefined) continue;
      bytes += Buffer.byteLength(await ask(running.url, operation, headersOf(operation)));
    }
    counts.push((await callsCounted(client)) / requestsCounted);
    answerBytes = bytes / requestsCounted;
  }
  return { statementsPerRequest: Math.min(...counts), answerBytes };
}

/** Beside what is measured, servers that are idle tell the database that they are alive, and see to what is due. */
async function callsCounted(client: BenchDatabase['client']): Promise<number> {
  const { rows } = await client.query<{ calls: number }>(`select coalesce(sum(calls), 0)::integer as calls
    from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
      and query !~* 'pg_stat_statements|cache_processes|cache_epochs|pg_notify|pg_advisory|listen'`);
  return rows[0]?.calls ?? NaN;
}

async function ask(
  url: string,
  operation: Operation,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(bodyOf(operation)) });
  const text = await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${text.slice(0, 500)}`);
  return text;
}

/** The memory of each, as it is now. */
export function memoryOf(entrants: readonly Entrant[]): Map<string, number> {
  return new Map(
    entrants
      .filter(({ running }) => running.contestant.program !== null)
      .map(({ running }) => [running.contestant.name, memoryMbOf(running.pid)]),
  );
}
