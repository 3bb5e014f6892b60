import { pino } from 'pino';
import { expect, it } from 'vitest';
import { HeldLines } from '../../../src/platform/telemetry/buffered-stream.ts';
import { logPlainly } from '../../../src/platform/telemetry/plain-line.ts';

const fields = { text: 'a "quoted" ä\n\u2028 line', number: 0.125, whole: 7, flag: true, nothing: null };
const withoutTime = (line: string) => line.replace(/"time":\d+/, '"time":0');

it.each(['info', 'warn', 'error'] as const)('is the line that the logger itself writes: %s', (level) => {
  const lines: string[] = [];
  const logger = pino(
    { base: { pid: 1, hostname: 'x"y' } },
    { write: (line: string) => void lines.push(line) },
  );
  logger[level](fields, 'it was "so"');
  logPlainly(logger, level, fields, 'it was "so"');
  const child = logger.child({ part: 'child' });
  child[level](fields, 'it');
  logPlainly(child, level, fields, 'it');

  expect(lines).toHaveLength(4);
  expect(withoutTime(lines[1] ?? '')).toBe(withoutTime(lines[0] ?? ''));
  expect(withoutTime(lines[3] ?? '')).toBe(withoutTime(lines[2] ?? ''));
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ ...fields, time: expect.closeTo(Date.now(), -5) });
});

it('is not written when the logger does not write such lines', () => {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  logPlainly(logger, 'info', fields, 'it');
  logPlainly(logger, 'warn', fields, 'it');

  expect(lines).toHaveLength(1);
});

it('is held like any other, unless it is a warning', () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) > 0, flush: () => {}, flushSync: () => {} };
  const logger = pino({}, new HeldLines(destination));
  logPlainly(logger, 'info', fields, 'first');
  expect(lines).toEqual([]);
  logPlainly(logger, 'warn', fields, 'second');

  expect(lines.join('')).toMatch(/first"}\n[^]*second"}\n$/);
  logPlainly(logger, 'info', fields, 'third');
  expect(lines.join('')).not.toContain('third');
});
