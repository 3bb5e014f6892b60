import { inspect } from 'node:util';
import { pino } from 'pino';

// The same on every line, or said in another way.
const unspoken: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);

/** A line of the log, which is JSON, as text: the time, the level, the message, then what belongs to it, and the stack. */
export function readableLine(json: string): string {
  const event: unknown = JSON.parse(json);
  if (!isRecord(event)) return json;
  const { err, msg } = event;
  const details = Object.entries(event)
    .filter(([name, value]) => !unspoken.has(name) && value !== null)
    .map(([name, value]) => `${name}=${inlined(value)}`);
  const words = [
    timeOf(event['time']),
    levelOf(event['level']),
    typeof msg === 'string' ? msg : '',
    ...details,
  ];
  const stack = isRecord(err) ? [String(err['stack'] ?? err['message'])] : [];
  return `${[words.join(' '), ...stack].join('\n')}\n`;
}

function timeOf(time: unknown): string {
  return typeof time === 'number' ? new Date(time).toISOString().slice(11, 23) : '';
}

function levelOf(level: unknown): string {
  const label = typeof level === 'number' ? pino.levels.labels[level] : undefined;
  return (label ?? String(level)).toUpperCase().padEnd(5);
}

function inlined(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { breakLength: Infinity, depth: 4 });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
