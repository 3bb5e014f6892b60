import { Bailout } from '../fallback/bailout.ts';
import type { FieldPlan, LastWritten, ObjectPlan, RunState, Source } from '../plan/plan.ts';
import { AnswerTooLarge, jsonBytes } from './answer-size.ts';
import { batchesOf, isAnswerFor, type Batch, type ReachedField } from './batches.ts';
import { assertPlainValue } from './complete-value.ts';
import { ignoreRejections, isThenable, markHandled } from './mark-handled.ts';

type Values = Readonly<Record<string, unknown>>;

/** A run of a plan: gathers values level by level, then supplies them to the writers of the response. */
export class Run implements RunState {
  readonly context: unknown;
  readonly lastWritten: (LastWritten | undefined)[];
  bytes: number;
  /** The batches that were fetched, for a fallback. */
  fetched: Batch[];
  readonly #variables: Values;
  readonly #bytesMax: number;
  /** By aliases, a response can contain the same value of free form many times. */
  #jsonBytes: Map<object, number> | null;
  /** By slot. */
  readonly #values: (unknown[] | undefined)[];
  readonly #taken: number[];
  readonly #sources: (Source[] | undefined)[];
  readonly #arguments: (Values | undefined)[];
  #reached: ObjectPlan[];
  /** The values received since the last wait. */
  #unmarked: { readonly field: FieldPlan; readonly values: readonly unknown[] }[];

  /** `bytesMax` may be Infinity. */
  constructor(context: unknown, variables: Values, bytesMax: number) {
    this.context = context;
    this.lastWritten = [];
    this.bytes = 0;
    this.fetched = [];
    this.#variables = variables;
    this.#bytesMax = bytesMax;
    this.#jsonBytes = null;
    this.#values = [];
    this.#taken = [];
    this.#sources = [];
    this.#arguments = [];
    this.#reached = [];
    this.#unmarked = [];
  }

  /** @throws GraphQLError if the variables do not fit */
  argumentsOf({ index, readArguments, resolve }: FieldPlan): Values {
    const known = this.#arguments[index];
    if (known !== undefined) return known;
    const args = readArguments(this.#variables);
    // All sources share them: a resolver that writes into them throws, and gets its own from graphql-js.
    if (resolve !== null) Object.freeze(args);
    this.#arguments[index] = args;
    return args;
  }

  addBytes(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.#bytesMax) throw new AnswerTooLarge();
  }

  addJson(value: object): void {
    const sizes = (this.#jsonBytes ??= new Map());
    const bytes = sizes.get(value) ?? jsonBytes(value, this.#bytesMax);
    sizes.set(value, bytes);
    this.addBytes(bytes);
  }

  take(slot: number): unknown {
    const next = this.#taken[slot] ?? 0;
    this.#taken[slot] = next + 1;
    return this.#values[slot]?.[next];
  }

  keep(slot: number, value: unknown): void {
    (this.#values[slot] ??= []).push(value);
  }

  visit(object: ObjectPlan, source: Source): void {
    const sources = this.#sources[object.index];
    if (sources !== undefined) {
      sources.push(source);
      return;
    }
    this.#sources[object.index] = [source];
    this.#reached.push(object);
  }

  /** Gathers all that is fetched below the root fields' values; returns a promise only if one is awaited. */
  gather(roots: readonly FieldPlan[], values: readonly unknown[]): Promise<void> | undefined {
    try {
      for (const [index, field] of roots.entries()) this.#receive(field, [values[index]]);
    } catch (error) {
      ignoreRejections(values);
      throw error;
    }
    return this.#descend();
  }

  /** Gathers all that is fetched below the values of one root field, each of which is an event. */
  gatherEvents(root: FieldPlan, events: readonly unknown[]): Promise<void> | undefined {
    this.#receive(root, [...events]);
    return this.#descend();
  }

  /** Waits for the root fields' values first. */
  async gatherLater(roots: readonly FieldPlan[], values: readonly unknown[]): Promise<void> {
    const arrived = await awaitAll(values, (value, index) =>
      markHandled(value, roots[index]?.value.objects ?? []),
    );
    await this.gather(roots, arrived);
  }

  /** Ends a run that bails out: gathered promises are no longer awaited; the fetched batches remain. */
  abandon(): void {
    ignoreRejections(this.#values);
    for (const { answer } of this.fetched) ignoreRejections(answer);
  }

  /**
   * Ends a run that has written its response. Arrays are emptied, not replaced: those made before a wait are
   * in V8's old generation, where they would keep alive what they refer to.
   */
  finish(): void {
    for (const { answer } of this.fetched) if (Array.isArray(answer)) clear(answer);
    const { fetched, lastWritten } = this;
    for (const values of [fetched, lastWritten, this.#values, this.#sources, this.#unmarked]) clear(values);
    // The run itself may live on for long.
    this.#jsonBytes = null;
  }

  #receive(field: FieldPlan, values: unknown[]): void {
    const { slot, value } = field;
    if (slot === null) return;
    this.#values[slot] = values;
    this.#unmarked.push({ field, values });
    // Promises are found now, not when the response is written: one that rejects until then would be
    // unhandled.
    const look = value.visit ?? assertPlainValue;
    for (let index = 0; index < values.length; index += 1) look(values[index], this);
  }

  /** Runs one level after another; waits only if a batch resolver returned a promise. */
  #descend(): Promise<void> | undefined {
    for (;;) {
      const batches = batchesOf(this.#readReached(), this);
      if (batches.length === 0) return undefined;
      // All before the first answer is examined: a bailout must not leave the promises of others unhandled.
      for (const batch of batches) this.#fetch(batch);
      for (const { answer } of batches) if (isThenable(answer)) return this.#deliverLater(batches);
      this.#deliver(batches);
    }
  }

  async #deliverLater(batches: readonly Batch[]): Promise<void> {
    for (const { field, values } of this.#unmarked) markHandled(values, field.value.objects);
    this.#unmarked = [];
    const answers = batches.map(({ answer }) => answer);
    const arrived = await awaitAll(answers, (values, index) => {
      for (const { field } of batches[index]?.fields ?? []) markHandled(values, field.value.objects);
    });
    for (const [index, batch] of batches.entries()) batch.answer = arrived[index];
    this.#deliver(batches);
    await this.#descend();
  }

  /** Reads the plain fields below which something is fetched, until only batched fields are left. */
  #readReached(): ReachedField[] {
    const reached: ReachedField[] = [];
    // The array grows during the iteration.
    for (const object of this.#reached) {
      const parents = this.#sources[object.index] ?? [];
      for (const field of object.gathered) {
        if (field.fetch === null) this.#receive(field, this.#readPlain(field, parents));
        else reached.push({ field, fetch: field.fetch, parents });
      }
    }
    this.#reached = [];
    return reached;
  }

  #readPlain(field: FieldPlan, sources: readonly Source[]): unknown[] {
    const { resolve, definition } = field;
    const values: unknown[] = [];
    if (resolve === null) {
      for (const source of sources) values.push(source[definition.name]);
      return values;
    }
    const args = this.argumentsOf(field);
    try {
      for (const source of sources) values.push(resolve(source, args, this.context));
    } catch (error) {
      ignoreRejections(values);
      throw error;
    }
    return values;
  }

  /** A resolver that throws fails like one that rejects. */
  #fetch(batch: Batch): void {
    this.fetched.push(batch);
    try {
      const answer = batch.fetch(batch.parents, batch.args, this.context, batch.selection);
      // A thenable that is no promise may start its work whenever `then` is called: call it once.
      batch.answer = isThenable(answer) ? Promise.resolve(answer) : answer;
    } catch (error) {
      batch.answer = Promise.reject(error);
    }
  }

  #deliver(batches: readonly Batch[]): void {
    for (const { answer, parents, indexes, fields } of batches) {
      if (!isAnswerFor(answer, parents)) throw new Bailout('no answer for each parent');
      for (const { field, parents: own } of fields) {
        this.#receive(
          field,
          indexes === null ? answer : own.map((parent) => answer[indexes.get(parent) ?? -1]),
        );
      }
    }
  }
}

/** Waits for all values as Promise.all does; `mark` is called with each that arrives before the last one. */
async function awaitAll(
  values: readonly unknown[],
  mark: (value: unknown, index: number) => void,
): Promise<unknown[]> {
  if (values.length === 1) return [await values[0]];
  let missing = values.length;
  return Promise.all(
    values.map(async (value, index) => {
      const arrived = await value;
      missing -= 1;
      if (missing > 0) mark(arrived, index);
      return arrived;
    }),
  );
}

/** V8 would drop the array's store as it is, with all references in it. */
function clear(values: unknown[]): void {
  values.fill(undefined);
  values.length = 0;
}
