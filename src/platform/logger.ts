import { pino, type Logger } from 'pino';

export type { Logger };

/** One JSON line an event, on standard error so that a command's standard output stays its answer. */
export function createLogger(options: { level: string }): Logger {
  return pino(
    {
      level: options.level,
      redact: ['authorization', 'headers.authorization', 'token', 'password'],
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
