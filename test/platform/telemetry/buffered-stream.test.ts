import { execFile, spawn } from 'node:child_process';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  bufferedCharactersMax,
  bufferedMsMax,
  BufferedStream,
} from '../../../src/platform/telemetry/buffered-stream.ts';

const runWith = (script: string) => [
  '--import',
  'tsx',
  '--input-type=module',
  '--eval',
  `import { createLogger } from './src/platform/telemetry/logger.ts';
  const logger = createLogger({ level: 'info' });
  ${script}`,
];

function messagesIn(text: string): unknown[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{"level"'));
  return lines.map((line) => JSON.parse(line).msg);
}

/**
 * Runs the script and kills it as soon as standard error matches; returns the number of writes and the text.
 */
async function writesUntil(expected: RegExp, script: string): Promise<{ writes: number; text: string }> {
  const child = spawn(process.execPath, runWith(script));
  let [text, writes] = ['', 0];
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    writes += 1;
  });
  try {
    await expect.poll(() => text, { timeout: 20_000, interval: 5 }).toMatch(expected);
    return { writes, text };
  } finally {
    child.kill('SIGKILL');
  }
}

/** A logger, and the texts that were written, one per write. */
function aLogger() {
  const writes: string[] = [];
  const destination = {
    write: (text: string) => writes.push(text) > 0,
    flush: () => {},
    flushSync: () => {},
  };
  const logger = pino({ timestamp: false, base: null }, new BufferedStream(destination));
  return { logger, writes };
}

describe('a buffered stream', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('writes buffered lines together after the longest wait', () => {
    const { logger, writes } = aLogger();
    logger.info('one');
    logger.info('two');
    vi.advanceTimersByTime(bufferedMsMax - 1);
    expect(writes).toEqual([]);

    vi.advanceTimersByTime(1);
    expect(writes.map(messagesIn)).toEqual([['one', 'two']]);
  });

  it('writes the buffer when it is full', () => {
    const { logger, writes } = aLogger();
    const sent = Array.from({ length: 5000 }, (_, index) => `line ${index}`);
    for (const line of sent) logger.info(line);
    vi.advanceTimersByTime(bufferedMsMax);

    expect(writes.flatMap(messagesIn)).toEqual(sent);
    expect(writes.length).toBeGreaterThan(2);
    expect(Math.max(...writes.map(({ length }) => length))).toBeLessThan(bufferedCharactersMax + 100);
  });

  it.each(['warn', 'error', 'fatal'] as const)('writes the buffer with a line of level %s', (level) => {
    const { logger, writes } = aLogger();
    logger.info('before');
    logger[level]('now');

    expect(writes.map(messagesIn)).toEqual([['before', 'now']]);
  });

  it('leaves no listener on the process after a write', () => {
    const listeners = process.listenerCount('exit');
    const { logger } = aLogger();
    for (let round = 0; round < 3; round += 1) {
      logger.info('a line');
      expect(process.listenerCount('exit')).toBe(listeners + 1);
      vi.advanceTimersByTime(bufferedMsMax);
      expect(process.listenerCount('exit')).toBe(listeners);
    }
  });
});

describe('log lines', () => {
  it('of a process that keeps running: are written together, within the longest wait', async () => {
    const script = `logger.info('one'); logger.info('two'); setInterval(() => {}, 1000);`;
    const { writes, text } = await writesUntil(/"two"/, script);

    expect(messagesIn(text)).toEqual(['one', 'two']);
    expect(writes).toBe(1);
  });

  it('of level warn and error: are written in order, also while another line is being written', async () => {
    const script = `logger.warn('first'); logger.error('second'); logger.error('third');
      setInterval(() => {}, 1000);`;
    const { text } = await writesUntil(/"third"/, script);

    expect(messagesIn(text)).toEqual(['first', 'second', 'third']);
  });
});

describe('the last log lines of a process', () => {
  it.each([
    ['ends by itself', ''],
    ['exits', 'process.exit(0);'],
    ['throws an uncaught error', 'throw new Error("uncaught");'],
    [
      'exits in a signal handler',
      'process.on("SIGTERM", () => process.exit(0)).kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);',
    ],
    ['exits while a write is pending', 'logger.error("pending"); logger.info("after"); process.exit(0);'],
    [
      'has more lines than the buffer holds',
      'for (let line = 0; line < 3000; line += 1) logger.info("x".repeat(100)); process.exit(0);',
    ],
  ])('are written when the process %s', async (_how, end) => {
    const script = `logger.info('first'); logger.info('last'); ${end}`;
    const written = await new Promise<string>((resolve) => {
      execFile(process.execPath, runWith(script), (_error, _stdout, stderr) => resolve(stderr));
    });
    const messages = messagesIn(written);

    // The write at exit can overtake a pending one.
    expect(messages).toEqual(expect.arrayContaining(['first', 'last']));
    if (end.includes('pending'))
      expect(new Set(messages)).toEqual(new Set(['first', 'last', 'pending', 'after']));
    if (end.includes('3000')) expect(messages).toHaveLength(3002);
  });
});
