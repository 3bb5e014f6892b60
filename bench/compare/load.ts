import { execFile, spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A load: requests, number of connections and duration. */
export interface Load {
  readonly url: string;
  readonly requests: readonly { readonly body: string; readonly headers: Readonly<Record<string, string>> }[];
  readonly connections: number;
  readonly seconds: number;
  /** A folder for the input file of the load generator. */
  readonly scratchDirectory: string;
}

/**
 * The result of a load. Each connection sends the next request immediately, so latencies are those of a
 * saturated server.
 */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Error responses and broken connections. */
  readonly failures: number;
  readonly bytes: number;
}

/** The load generator available on this machine. */
export const generator = spawnSync('wrk', ['--version']).error === undefined ? 'wrk' : 'autocannon';

/** Sends a load; connections repeat its requests in order. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  return generator === 'wrk' ? await withWrk(load) : await withAutocannon(load);
}

async function withWrk({ url, requests, connections, seconds, scratchDirectory }: Load): Promise<LoadResult> {
  const script = join(scratchDirectory, 'load.lua');
  await writeFile(script, luaScript(requests));
  const { stdout } = await run('wrk', [
    '--threads=1',
    `--connections=${connections}`,
    `--duration=${seconds}s`,
    '--timeout=10s',
    `--script=${script}`,
    url,
  ]);
  const result = /^RESULT (.*)$/m.exec(stdout)?.[1];
  if (result === undefined) throw new Error(`wrk printed no result: ${stdout}`);
  return JSON.parse(result);
}

function luaScript(requests: Load['requests']): string {
  const formatted = requests.map(({ body, headers }) => {
    const fields = Object.entries(headers).map(([name, value]) => `[ ${quoted(name)} ] = ${quoted(value)}`);
    return `  requests[#requests + 1] = wrk.format("POST", nil, { ${fields.join(', ')} }, ${quoted(body)})`;
  });
  return `
local requests, next = {}, 0
function init()
${formatted.join('\n')}
end
function request()
  next = next % #requests + 1
  return requests[next]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"perSecond":%.2f,"p50Ms":%.3f,"p99Ms":%.3f,"failures":%d,"bytes":%.0f}\\n',
    summary.requests, summary.requests * 1e6 / summary.duration, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    summary.bytes))
end
`;
}

function quoted(text: string): string {
  return `[==[${text}]==]`;
}

async function withAutocannon(load: Load): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'autocannon.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(load));
  return JSON.parse(await text(child.stdout));
}
