import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The arguments with which Node runs a server, as the global set-up has built it. */
const builtProgram: readonly string[] = [join(root, 'dist/main.js')];

/** A server that runs by itself, listening. */
export interface RunningServer {
  readonly child: ChildProcess;
  /** Such as `http://127.0.0.1:4000`. */
  readonly origin: string;
  /** The logs so far, for a test that fails. */
  readonly logs: () => string;
}

/**
 * Starts `serve` with these options; resolves once it listens. @throws Error with what it logged when it ends
 * before that
 */
export async function startServer(
  environment: Readonly<Record<string, string>>,
  program: readonly string[] = builtProgram,
  options: readonly string[] = [],
): Promise<RunningServer> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [...program, 'serve', ...options], {
    cwd: root,
    env: { PATH, PORT: '0', LOG_LEVEL: 'warn', EXPLORER_ENABLED: 'false', ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let logged = '';
  child.stderr?.on('data', (chunk) => (logged += String(chunk)));
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  for (;;) {
    const [, origin] = /listening on (http:\/\/[^\s/]+)/.exec(output) ?? [];
    if (origin !== undefined) return { child, origin, logs: () => logged + output };
    if (hasEnded(child)) throw new Error(`The server ended with ${child.exitCode}: ${logged}${output}`);
    await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')]);
  }
}

/** Stops a server with SIGTERM, and after 5 s with SIGKILL. */
export async function endServer({ child }: Pick<RunningServer, 'child'>): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(patience);
}

/** Ends it without a chance to tidy up. */
export async function killServer({ child }: Pick<RunningServer, 'child'>): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** True once the process has exited, by itself or by a signal. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
