import type { Writable } from 'node:stream';
import { MultiBar, Presets } from 'cli-progress';
import type { Clock } from '../platform/runtime/clock.ts';

/** Where a command tells how it goes. */
export interface ReportStream extends Writable {
  readonly isTTY?: boolean;
}

/** How far something long has come. */
export interface Progress {
  /** `done` in the unit of the total; `text` says the same in the product's words. */
  update(done: number, text: string): void;
  /** A line that stays. */
  note(line: string): void;
  /** The last that it does; safe to call twice. */
  stop(): void;
}

const plainIntervalMs = 1000;

/** A bar on a terminal; elsewhere, and where the total is not known, at most one line a second. */
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
  // A bar switches the terminal's line wrap off, which must not stay so.
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
      // Notes wait for the next redraw, and stopping would lose them.
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
  let toldAt = clock.now();
  return {
    update(done, text) {
      if (clock.now() - toldAt < plainIntervalMs) return;
      toldAt = clock.now();
      const share = total === null || total === 0 ? '' : `${Math.floor((100 * done) / total)} % · `;
      stream.write(`${label}: ${share}${text}\n`);
    },
    note: (line) => stream.write(`${line}\n`),
    stop: () => undefined,
  };
}
