import { execFile } from 'node:child_process';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { heldCharactersMax, HeldLines, heldMsMax } from '../../../src/platform/telemetry/buffered-stream.ts';

/** A logger, and the texts that it wrote, each in one piece. */
function aLogger() {
  const pieces: string[] = [];
  const destination = {
    write: (text: string) => pieces.push(text) > 0,
    flush: () => {},
    flushSync: () => {},
  };
  const logger = pino({ timestamp: false, base: null }, new HeldLines(destination));
  return { logger, pieces };
}

function messagesIn(text: string | undefined): unknown[] {
  const lines = text?.trimEnd().split('\n') ?? [];
  return lines.map((line) => JSON.parse(line).msg);
}

describe('lines', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('wait for more of them, but not for long', () => {
    const { logger, pieces } = aLogger();
    logger.info('one');
    logger.info('two');
    vi.advanceTimersByTime(heldMsMax - 1);
    expect(pieces).toEqual([]);

    vi.advanceTimersByTime(1);
    expect(pieces.map(messagesIn)).toEqual([['one', 'two']]);
  });

  it('wait for no more than fits', () => {
    const { logger, pieces } = aLogger();
    const sent = Array.from({ length: 5000 }, (_, index) => `line ${index}`);
    for (const line of sent) logger.info(line);
    vi.advanceTimersByTime(heldMsMax);

    expect(pieces.flatMap(messagesIn)).toEqual(sent);
    expect(pieces.length).toBeGreaterThan(2);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(heldCharactersMax + 100);
  });

  it.each(['warn', 'error', 'fatal'] as const)('of level %s wait for nothing', (level) => {
    const { logger, pieces } = aLogger();
    logger.info('before');
    logger[level]('now');

    expect(pieces.map(messagesIn)).toEqual([['before', 'now']]);
  });

  it('leave nothing behind that listens to the process', () => {
    const listeners = process.listenerCount('exit');
    const { logger } = aLogger();
    for (let round = 0; round < 3; round += 1) {
      logger.info('a line');
      expect(process.listenerCount('exit')).toBe(listeners + 1);
      vi.advanceTimersByTime(heldMsMax);
      expect(process.listenerCount('exit')).toBe(listeners);
    }
  });
});

describe('what was written last before the process ended', () => {
  it.each([
    ['by itself', ''],
    ['by exit', 'process.exit(0);'],
    ['by an error', 'throw new Error("nobody catches this");'],
  ])('is there: %s', async (_how, end) => {
    const script = `
      import { createLogger } from './src/platform/telemetry/logger.ts';
      const logger = createLogger({ level: 'info' });
      logger.info('first');
      logger.info('last');
      ${end}`;
    const said = await new Promise<string>((resolve) => {
      const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
      execFile(process.execPath, args, (_error, _stdout, stderr) => resolve(stderr));
    });

    const lines = said.split('\n').filter((line) => line.startsWith('{"level"'));
    expect(messagesIn(lines.join('\n'))).toEqual(['first', 'last']);
  });
});
