import type { Writable } from 'node:stream';
import { MultiBar, Presets } from 'cli-progress';
import type { Clock } from '../platform/runtime/clock.ts';

/** The stream for the progress of a command. */
export interface ReportStream extends Writable {
  readonly isTTY?: boolean;
}

/** The progress of a long task. */
export interface Progress {
  /** Shows `done`, in the unit of the total, with a text. */
  update(done: number, text: string): void;
  /** Prints a permanent line. */
  note(line: string): void;
  /** Ends the output; safe to call twice. */
  stop(): void;
}

const plainIntervalMs = 1000;

/**
 * Creates a progress bar on a terminal; elsewhere, or without a total, prints at most one line per second.
 */
export function createProgress(options: {
  readonly stream: ReportStream;
  readonly clock: Clock;
  readonly label: string;
  readonly total: number | null;
}): Progress {
  const { stream, total } = options;
  return stream.isTTY === true && total !== null
    ? createBar(stream, options.label, total)
    : createPlainProgress(options);
}

function createBar(stream: ReportStream, label: string, total: number): Progress {
  const bars = new MultiBar(
    {
      stream,
      format: `${label} {bar} {percentage} % · {text}`,
      barsize: 24,
      // Its own handler would keep the process alive at the first Ctrl-C.
      gracefulExit: false,
      fps: 5,
    },
    Presets.shades_classic,
  );
  const bar = bars.create(total, 0, { text: '' });
  // The bar disables the terminal's line wrap, which must be restored.
  const interrupt = () => {
    bars.stop();
    process.kill(process.pid, 'SIGINT');
  };
  process.once('SIGINT', interrupt);
  return {
    update: (done, text) => bar.update(Math.min(done, total), { text }),
    note: (line) => bars.log(`${line}\n`),
    stop() {
      process.removeListener('SIGINT', interrupt);
      if (!bars.isActive) return;
      // Notes are printed at the next redraw; stopping would discard them.
      bars.update();
      bars.stop();
    },
  };
}

function createPlainProgress(options: {
  readonly stream: ReportStream;
  readonly clock: Clock;
  readonly label: string;
  readonly total: number | null;
}): Progress {
  const { stream, clock, label, total } = options;
  let reportedAt = clock.now();
  return {
    update(done, text) {
      if (clock.now() - reportedAt < plainIntervalMs) return;
      reportedAt = clock.now();
      const share = total === null || total === 0 ? '' : `${Math.floor((100 * done) / total)} % · `;
      stream.write(`${label}: ${share}${text}\n`);
    },
    note: (line) => stream.write(`${line}\n`),
    stop: () => undefined,
  };
}
