import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const logger = join(import.meta.dirname, '../../../src/platform/telemetry/logger.ts');

it('writes warnings and errors at once, also those that are said while another one is written', async () => {
  const program = `const { createLogger } = await import(${JSON.stringify(logger)});
    const logger = createLogger({ level: 'info' });
    logger.warn('first'); logger.error('second'); logger.error('third');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program]);
  let written = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  try {
    await expect.poll(() => written, { timeout: 10_000 }).toContain('"msg":"third"');
    expect(written).toMatch(/first.*\n.*second.*\n.*third/);
  } finally {
    child.kill('SIGKILL');
  }
});
