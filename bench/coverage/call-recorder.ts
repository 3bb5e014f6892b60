import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';

/** A function of a checkout's own code. */
export interface CalledFunction {
  /** Relative to `dist`, with slashes. */
  readonly file: string;
  /** Empty for a function without a name. */
  readonly name: string;
  readonly line: number;
}

const coverageSchema = z.array(
  z.object({
    url: z.string(),
    functions: z.array(
      z.object({
        functionName: z.string(),
        ranges: z.array(z.object({ startOffset: z.number(), count: z.number() })),
      }),
    ),
  }),
);

/** Reads the function calls of a server that runs with recorder.mjs. */
export class CallRecorder {
  readonly #child: ChildProcess;
  readonly #prefix: string;

  constructor(child: ChildProcess, checkout: string) {
    this.#child = child;
    this.#prefix = pathToFileURL(join(checkout, 'dist/')).href;
  }

  /**
   * Returns the functions called since the previous call of this method, by a key unique to each function.
   */
  async take(): Promise<Map<string, CalledFunction>> {
    const answer = once(this.#child, 'message');
    this.#child.send('take');
    const [message] = await answer;
    const called = new Map<string, CalledFunction>();
    for (const { url, functions } of coverageSchema.parse(message)) {
      if (!url.startsWith(this.#prefix)) continue;
      for (const { functionName, ranges } of functions) {
        const [range] = ranges;
        if (range === undefined || range.count === 0) continue;
        called.set(`${url}:${range.startOffset}`, {
          file: url.slice(this.#prefix.length),
          name: functionName,
          line: lineOf(url, range.startOffset),
        });
      }
    }
    return called;
  }
}

function lineOf(url: string, offset: number): number {
  return readFileSync(fileURLToPath(url), 'utf8').slice(0, offset).split('\n').length;
}
