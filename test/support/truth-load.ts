import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Cluster, ServerProcess } from './cluster.ts';

/** The result of a load. */
export interface LoadReport {
  readonly reads: number;
  readonly writes: number;
  /** Of half of the writes and of all but one in a hundred, until they were acknowledged. */
  readonly writeP50Ms: number;
  readonly writeP99Ms: number;
  /** Requests that were not answered as they should be, with what came instead. */
  readonly failures: readonly string[];
  /** Reads that were older than the last write acknowledged before they began. */
  readonly stale: readonly string[];
  /** Of the reads, by the phases that were named meanwhile; in milliseconds. */
  readonly phases: readonly Phase[];
}

/** A part of the time under load. */
interface Phase {
  readonly name: string;
  readonly reads: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const slug = 'truth';
const readAnswer = z.object({ model: z.object({ name: z.string() }) });
const writeAnswer = z.object({ upsertModel: z.object({ userErrors: z.array(z.unknown()).length(0) }) });

/**
 * One writer, who goes from process to process and counts up a model's name, and readers on each process who
 * know which number was acknowledged before they asked.
 */
export class TruthLoad {
  readonly #cluster: Cluster;
  /** The processes that receive the writes, in turn. */
  #writers: readonly ServerProcess[];
  readonly #readsAWrite: number;
  readonly #work: Promise<unknown>;
  readonly #failures: string[] = [];
  readonly #stale: string[] = [];
  readonly #writeDurations: number[] = [];
  readonly #phases: { name: string; durations: number[] }[] = [];
  #acknowledged = 0;
  #writes = 0;
  #reads = 0;
  #isStopping = false;

  /** Writes the first number; from then on the load runs until `stop`. */
  static async start(
    cluster: Cluster,
    options: { readonly readersAProcess?: number; readonly readsAWrite?: number } = {},
  ): Promise<TruthLoad> {
    const load = new TruthLoad(cluster, options);
    const [first] = cluster.servers;
    if (first !== undefined) await load.#write(first);
    load.#begin(options.readersAProcess ?? 4);
    return load;
  }

  private constructor(cluster: Cluster, { readsAWrite = 25 }: { readonly readsAWrite?: number }) {
    this.#cluster = cluster;
    this.#writers = cluster.servers;
    this.#readsAWrite = readsAWrite;
    this.#work = new Promise((resolve) => (this.#finish = resolve));
    this.phase('start');
  }

  #finish: (work: Promise<unknown>) => void = () => {};

  get reads(): number {
    return this.#reads;
  }

  /** Begins a phase, which is measured separately. */
  phase(name: string): void {
    this.#phases.push({ name, durations: [] });
  }

  /** From now on is written through these alone, while all others go on reading. */
  writeThrough(servers: readonly ServerProcess[]): void {
    this.#writers = servers;
  }

  /** Resolves after a number of further reads. */
  async readMore(count: number): Promise<void> {
    const end = this.#reads + count;
    while (this.#reads < end) await wait(5);
  }

  async stop(): Promise<LoadReport> {
    this.#isStopping = true;
    await this.#work;
    const writes = summaryOf('writes', this.#writeDurations);
    return {
      reads: this.#reads,
      writes: this.#writes,
      writeP50Ms: writes.p50Ms,
      writeP99Ms: writes.p99Ms,
      failures: this.#failures,
      stale: this.#stale,
      phases: this.#phases.map(({ name, durations }) => summaryOf(name, durations)),
    };
  }

  #begin(readersAProcess: number): void {
    const readers = this.#cluster.servers.flatMap((server, index) =>
      Array.from({ length: readersAProcess }, () => this.#readOn(server, index)),
    );
    this.#finish(Promise.all([this.#writeOn(), ...readers]));
  }

  async #writeOn(): Promise<void> {
    for (let turn = 0; !this.#isStopping; turn += 1) {
      const next = this.#reads + this.#readsAWrite;
      const server = this.#writers[turn % this.#writers.length];
      if (server !== undefined) await this.#write(server);
      while (this.#reads < next && !this.#isStopping) await wait(1);
    }
  }

  async #write(server: ServerProcess): Promise<void> {
    this.#writes += 1;
    const number = this.#writes;
    const startedAt = performance.now();
    const input = { slug, name: String(number), provider: 'Test', contextWindow: 1000 };
    try {
      writeAnswer.parse(
        await server.ask(
          'mutation ($input: UpsertModelInput!) { upsertModel(input: $input) { userErrors { message } } }',
          { input },
        ),
      );
      this.#acknowledged = number;
      this.#writeDurations.push(performance.now() - startedAt);
    } catch (error) {
      this.#failures.push(`write ${number}: ${String(error)}`);
    }
  }

  async #readOn(server: ServerProcess, index: number): Promise<void> {
    while (!this.#isStopping) {
      const oldest = this.#acknowledged;
      const phase = this.#phases.at(-1);
      const startedAt = performance.now();
      try {
        const { model } = readAnswer.parse(await server.ask(`{ model(id: "model_${slug}") { name } }`));
        phase?.durations.push(performance.now() - startedAt);
        if (Number(model.name) < oldest) {
          this.#stale.push(`process ${index} answered ${model.name} after ${oldest} was acknowledged`);
        }
      } catch (error) {
        this.#failures.push(`read on process ${index}: ${String(error)}`);
        // A stopped server fails immediately: without a pause, the failures would fill the memory.
        await wait(50);
      }
      this.#reads += 1;
    }
  }
}

/** Formats a report: one line in total and one for each phase. */
export function describeReport(
  fault: string,
  { reads, writes, writeP50Ms, writeP99Ms, phases }: LoadReport,
): string {
  const parts = phases
    .filter((phase) => phase.reads > 0)
    .map(({ name, reads: count, p50Ms, p99Ms, maxMs }) => {
      const [p50, p99, max] = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1));
      return `  ${name}: ${count} reads, p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
    });
  const written = `${writes} writes, p50 ${writeP50Ms.toFixed(1)} ms, p99 ${writeP99Ms.toFixed(1)} ms`;
  return [`${fault}: ${reads} reads; ${written}`, ...parts].join('\n');
}

function summaryOf(name: string, durations: number[]): Phase {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { name, reads: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
