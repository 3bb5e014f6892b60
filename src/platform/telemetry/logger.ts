import { pino, type DestinationStream, type Logger } from 'pino';
import { HeldLines } from './buffered-stream.ts';
import { readableLine } from './readable-line.ts';

export type { Logger };

/** How much is logged, and for whom. */
export interface LoggerOptions {
  readonly level: string;
  /** One line of JSON for each event, or text for people. */
  readonly format?: 'json' | 'readable';
}

/** One event a line, on standard error so that a command's standard output stays its answer. */
export function createLogger({ level, format = 'json' }: LoggerOptions): Logger {
  return pino(
    { level, redact: ['authorization', 'headers.authorization', 'token', 'password'] },
    format === 'readable' ? forPeople() : forPrograms(),
  );
}

/** Written while the process goes on, because a request must not wait for it; what is left at the end is written then. */
function forPrograms(): DestinationStream {
  return new HeldLines(pino.destination({ dest: 2, sync: false }));
}

function forPeople(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: true });
  return { write: (line) => void destination.write(readableLine(line)) };
}
