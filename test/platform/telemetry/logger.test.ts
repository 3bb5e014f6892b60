import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';

/** Runs the script with a logger and returns what is written to standard error. */
async function standardErrorOf(options: string, script: string): Promise<string> {
  const program = `import { createLogger } from './src/platform/telemetry/logger.ts';
    const logger = createLogger(${options});
    ${script}`;
  return await new Promise((resolve) => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
    execFile(process.execPath, args, (_error, _stdout, stderr) => resolve(stderr));
  });
}

it('logger: secrets in the fields of a line are redacted', async () => {
  const script = `logger.info({ token: 'secret', password: 'secret', headers: { authorization: 'secret' } }, 'x');`;

  expect(await standardErrorOf(`{ level: 'info' }`, script)).toMatch(/"token":"\[Redacted\]"/);
  expect(await standardErrorOf(`{ level: 'info' }`, script)).not.toContain('secret');
});

it('logger: the readable format has the time, the level, the message, the fields and the stack', async () => {
  const script = `logger.warn({ err: new Error('broken'), requestId: 'r1' }, 'it failed'); process.exit(0);`;
  const text = await standardErrorOf(`{ level: 'info', format: 'readable' }`, script);

  expect(text).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: it failed .*"requestId":"r1"/);
  expect(text).toContain('Error: broken\n');
});
