import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The result of a command. */
export interface Finished {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the command line to its end; `input` is what it reads. */
export async function runParley(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  input = '',
): Promise<Finished> {
  const child = startParley(args, environment);
  child.stdin.end(input);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  await once(child, 'close');
  return { code: child.exitCode, output, errors };
}

/** Starts the command line, as the global set-up has built it, with this environment and no other. */
export function startParley(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const { PATH = '' } = process.env;
  return spawn(process.execPath, [join(root, 'dist/main.js'), ...args], {
    cwd: root,
    env: { PATH, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
