import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Fixtures } from './fixtures.ts';
import type { LoadResult } from './load.ts';
import type { WorkloadName } from './workloads.ts';

const run = promisify(execFile);

/** True when PostgreSQL's load generator is installed. */
export const hasPgbench = spawnSync('pgbench', ['--version']).error === undefined;

const message = 'm.id, m.content, m.role, m.created_at, m.author_id, m.position';

/** Reads the rows of a workload without building JSON, in as few statements as Parley. */
function scriptOf(
  workload: WorkloadName,
  { tenantId, longConversation, newest, people }: Fixtures,
): string | null {
  const tenant = `'${tenantId}'::uuid`;
  const list = `select c.id, c.title, c.message_count, c.updated_at from conversations c
    where c.tenant_id = ${tenant} order by c.updated_at desc, c.id desc limit 21`;
  const lastOf = (count: number) => `select parent.ordinal, page.*
    from unnest(array[${newest.map((id) => `'${id}'`).join(', ')}]::uuid[]) with ordinality as parent(id, ordinal)
    cross join lateral (select ${message} from messages m where m.tenant_id = ${tenant} and m.conversation_id = parent.id
      order by m.position desc limit ${count}) page`;
  const [person = ''] = people;
  const scripts: Readonly<Partial<Record<WorkloadName, readonly string[]>>> = {
    W1: [list, lastOf(1)],
    W2: [list, lastOf(11)],
    W3: [
      `select c.id, c.title from conversations c where c.tenant_id = ${tenant} and c.id = '${longConversation}'`,
      `select ${message} from messages m where m.tenant_id = ${tenant} and m.conversation_id = '${longConversation}'
        and m.position > 5600 order by m.position limit 51`,
    ],
    W4: [
      `select u.id, u.first_name, u.last_name, u.profile, u.updated_at from users u where u.id = '${person}'`,
    ],
  };
  return scripts[workload]?.map((text) => `${text.replaceAll(/\s+/g, ' ')};`).join('\n') ?? null;
}

/** Runs the script of a workload. Returns null for a workload without a script. */
export async function runPgbench(
  workload: WorkloadName,
  options: {
    readonly databaseUrl: string;
    readonly fixtures: Fixtures;
    readonly connections: number;
    readonly seconds: number;
    readonly scratchDirectory: string;
  },
): Promise<LoadResult | null> {
  const script = scriptOf(workload, options.fixtures);
  if (script === null) return null;
  const file = join(options.scratchDirectory, `${workload}.sql`);
  await writeFile(file, `${script}\n`);
  const { stdout } = await run('pgbench', [
    '--no-vacuum',
    '--protocol=prepared',
    `--client=${options.connections}`,
    `--time=${options.seconds}`,
    `--file=${file}`,
    options.databaseUrl,
  ]);
  const value = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? NaN);
  const latency = value(/latency average = ([\d.]+) ms/);
  return {
    requests: value(/transactions actually processed: (\d+)/),
    perSecond: value(/tps = ([\d.]+)/),
    p50Ms: latency,
    p99Ms: NaN,
    failures: value(/number of failed transactions: (\d+)/),
    bytes: 0,
  };
}
