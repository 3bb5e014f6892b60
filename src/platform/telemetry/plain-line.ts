import { pino } from 'pino';
import type { Logger } from './logger.ts';

/** A value of a line that is written as it is. */
type PlainValue = string | number | boolean | null;

const { chindingsSym, needsMetadataGsym, streamSym } = pino.symbols;

/**
 * Logs what `logger[level](fields, message)` would, in a quarter of its time: pino looks at each field, whether it is to be hidden or
 * written in another way. For lines of which there is one for each request, and of which each field is known.
 */
export function logPlainly(
  logger: Logger,
  level: 'info' | 'warn' | 'error',
  fields: Readonly<Record<string, PlainValue>>,
  message: string,
): void {
  if (!logger.isLevelEnabled(level)) return;
  const number = logger.levels.values[level] ?? 0;
  const stream: LineStream = Reflect.get(logger, streamSym);
  const bindings = String(Reflect.get(logger, chindingsSym));
  // As pino does for who asks for it.
  if (stream[needsMetadataGsym] === true) stream.lastLevel = number;
  const written = JSON.stringify(fields).slice(1, -1);
  stream.write(
    `{"level":${number},"time":${Date.now()}${bindings},${written},"msg":${JSON.stringify(message)}}\n`,
  );
}

/** What pino writes to. */
interface LineStream {
  readonly [needsMetadataGsym]?: boolean;
  lastLevel?: number;
  write(line: string): void;
}
