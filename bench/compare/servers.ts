import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownCheckout } from './checkout.ts';
import type { Fixtures } from './fixtures.ts';
import type { Dialect, WorkloadName } from './workloads.ts';

const bench = join(ownCheckout, 'bench');

/** A server to be measured, and its command line. */
export interface Candidate {
  readonly name: string;
  readonly dialect: Dialect;
  /** A peer is an alternative to Parley; a limit is an upper bound for any server. */
  readonly kind: 'parley' | 'peer' | 'limit';
  readonly workloads: readonly WorkloadName[];
  /** Arguments of Node; null for a candidate that is not a server. */
  readonly program: readonly string[] | null;
  /** The folder in which the program runs; this checkout by default. */
  readonly checkout?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The oldest supported major version of Node. */
  readonly nodeMin?: number;
  /** The role of the requesting user; only Parley authenticates. */
  readonly role?: 'owner' | 'member';
}

const allWorkloads = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7'] as const;
/** The command line of `npm start` and of the container image. */
const serve = ['--max-semi-space-size=32', 'dist/main.js', 'serve'] as const;
const parley = { dialect: 'parley', kind: 'parley', program: serve } as const;

function peer(file: string): readonly string[] {
  return ['--import', 'tsx', join(bench, 'peers', file)];
}

/** The fastest of the peers. */
export const mercurius: Candidate = {
  name: 'mercurius + jit',
  dialect: 'plain',
  kind: 'peer',
  workloads: allWorkloads,
  program: peer('mercurius.ts'),
};

/** All servers, Parley first. */
export const candidates: readonly Candidate[] = [
  { ...parley, name: 'Parley', workloads: allWorkloads },
  {
    ...parley,
    name: 'Parley, all caches off',
    workloads: ['W4', 'W5'],
    environment: { CACHE_ENABLED: 'false' },
  },
  {
    ...parley,
    name: 'Parley, answers not cached',
    workloads: ['W4', 'W5'],
    // The session stays cached, because the peers do not authenticate.
    environment: { SETTINGS_CACHE_TTL: '0', MODELS_CACHE_TTL: '0', USER_PROFILE_CACHE_TTL: '0' },
  },
  { ...parley, name: 'Parley, as a member', workloads: ['W1', 'W2'], role: 'member' },
  {
    ...parley,
    name: 'Parley, 2 workers',
    workloads: allWorkloads,
    program: [...serve, '--workers', '2'],
  },
  mercurius,
  {
    name: 'PostGraphile 5',
    dialect: 'postgraphile',
    kind: 'peer',
    workloads: allWorkloads,
    program: peer('postgraphile.ts'),
    nodeMin: 22,
  },
  {
    name: 'yoga + pothos-prisma',
    dialect: 'pothos',
    kind: 'peer',
    workloads: allWorkloads,
    program: peer('yoga.ts'),
  },
  {
    name: 'Apollo + Prisma',
    dialect: 'plain',
    kind: 'peer',
    workloads: allWorkloads,
    program: peer('apollo-prisma.ts'),
  },
  {
    name: 'hand-written SQL',
    dialect: 'json',
    kind: 'limit',
    workloads: ['W1', 'W2', 'W3', 'W4', 'W5', 'W6'],
    program: peer('handwritten.ts'),
  },
  { name: 'pgbench', dialect: 'json', kind: 'limit', workloads: ['W1', 'W2', 'W3', 'W4'], program: null },
];

/** A started candidate. */
export interface RunningCandidate {
  readonly candidate: Candidate;
  readonly url: string;
  readonly pid: number;
  /** Null for a candidate that is not a server. */
  readonly child: ChildProcess | null;
  stop(): Promise<void>;
}

/** The configuration that all servers share. */
export interface BenchSetup {
  /** Path of the Node binary. */
  readonly node: string;
  readonly databaseUrl: string;
  readonly poolSize: number;
  readonly fixtures: Fixtures;
  /** A folder for the log file of each server. */
  readonly logs: string;
}

/**
 * Starts a server and resolves when it answers requests. @throws Error with its log when it exits before that
 */
export async function start(candidate: Candidate, setup: BenchSetup): Promise<RunningCandidate> {
  const port = await freePort();
  const log = join(setup.logs, `${candidate.name.replaceAll(/\W+/g, '-')}.log`);
  const output = openSync(log, 'w');
  const child = spawn(setup.node, candidate.program ?? [], {
    cwd: candidate.checkout ?? ownCheckout,
    env: environmentOf(candidate, setup, port),
    stdio: ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  const url = `http://127.0.0.1:${port}/graphql`;
  await waitUntilReady(child, url, log);
  return {
    candidate,
    url,
    pid: child.pid ?? 0,
    child,
    stop: async () => {
      const exited = once(child, 'exit');
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(candidate.kind === 'parley' ? 'SIGINT' : 'SIGTERM');
      const forced = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await exited;
      clearTimeout(forced);
    },
  };
}

function environmentOf(
  { kind, environment }: Candidate,
  { databaseUrl, poolSize, fixtures }: BenchSetup,
  port: number,
): Record<string, string> {
  const { PATH = '' } = process.env;
  const common = { PATH, NODE_ENV: 'production', DATABASE_URL: databaseUrl, PORT: String(port) };
  if (kind === 'parley') {
    // Rate limits are counted but too high to be reached; log lines go to a file.
    const unlimited = String(10 ** 9);
    return {
      ...common,
      DATABASE_PROFILE: 'railway',
      LOG_LEVEL: 'info',
      RATE_LIMIT_PER_USER: unlimited,
      RATE_LIMIT_PER_TENANT: unlimited,
      RATE_LIMIT_PER_ADDRESS: unlimited,
      ...environment,
    };
  }
  return {
    ...common,
    POOL_SIZE: String(poolSize),
    TENANT_ID: fixtures.tenantId,
    WRITE_TENANT_ID: fixtures.writing.tenantId,
    WRITE_AUTHOR_ID: fixtures.writing.authorId,
  };
}

async function waitUntilReady(child: ChildProcess, url: string, log: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null)
      throw new Error(`The server exited: ${readFileSync(log, 'utf8').slice(-2000)}`);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ operationName: 'W5', query: 'query W5 { __typename }' }),
    }).catch(() => null);
    if (response !== null) return;
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error(`The server did not answer within a minute: ${readFileSync(log, 'utf8').slice(-2000)}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No free port is available.');
  return address.port;
}
