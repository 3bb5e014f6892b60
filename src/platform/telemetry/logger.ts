import { pino, type DestinationStream, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { BufferedStream } from './buffered-stream.ts';

export type { Logger };

/** The level and format of a logger. */
export interface LoggerOptions {
  readonly level: string;
  /** JSON lines, or text for a terminal. */
  readonly format?: 'json' | 'readable';
}

/**
 * Logs one event per line to standard error, so that a command's standard output contains only its result.
 */
export function createLogger({ level, format = 'json' }: LoggerOptions): Logger {
  return pino(
    { level, redact: ['authorization', 'headers.authorization', 'token', 'password'] },
    format === 'readable'
      ? readableStandardError()
      : new BufferedStream(pino.destination({ dest: 2, sync: false })),
  );
}

/**
 * Writes synchronously and formats without pino-pretty's stream, which loses the last lines of an exiting
 * process.
 */
function readableStandardError(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: true });
  const format = prettyFactory({
    colorize: process.stderr.isTTY,
    ignore: 'pid,hostname',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (line) => void destination.write(format(line)) };
}
