import { Bailout } from '../fallback/bailout.ts';
import type { FieldPlan, ObjectPlan, RunState, Source } from '../plan/plan.ts';
import type { AnswerSize } from './answer-size.ts';
import { batchesOf, isAnswerFor, type Batch, type FetchedBatch, type ReachedField } from './batches.ts';
import { assertNoPromise } from './complete-value.ts';
import { LastWritten } from './last-written.ts';
import { ignoreRejections, isThenable, markHandled } from './mark-handled.ts';

/** One run of a plan: gathers values level by level, then supplies them to the writers of the response. */
export class Run implements RunState {
  readonly context: unknown;
  readonly size: AnswerSize;
  /** The batches that were fetched, for a fallback. */
  fetched: FetchedBatch[] = [];
  readonly #variables: Readonly<Record<string, unknown>>;
  /** By slot. */
  readonly #values: (readonly unknown[] | undefined)[] = [];
  /** Those of the slots that are filled value by value. */
  readonly #kept: (unknown[] | undefined)[] = [];
  readonly #taken: number[] = [];
  readonly #lastWritten: (LastWritten | undefined)[] = [];
  readonly #sources: (Source[] | undefined)[] = [];
  /** The arrays that batch resolvers returned: fresh, and owned by this run. */
  readonly #fetchedValues: unknown[][] = [];
  readonly #arguments: (Readonly<Record<string, unknown>> | undefined)[] = [];
  #reached: ObjectPlan[] = [];
  /** The values received since the last wait. */
  #unmarked: { readonly field: FieldPlan; readonly values: readonly unknown[] }[] = [];

  constructor(context: unknown, variables: Readonly<Record<string, unknown>>, size: AnswerSize) {
    this.context = context;
    this.size = size;
    this.#variables = variables;
  }

  /** @throws GraphQLError if the variables do not fit */
  argumentsOf({ index, readArguments, resolve }: FieldPlan): Readonly<Record<string, unknown>> {
    const known = this.#arguments[index];
    if (known !== undefined) return known;
    const args = readArguments(this.#variables);
    // All sources share them: a resolver that writes into them throws, and gets its own from graphql-js.
    if (resolve !== null) Object.freeze(args);
    this.#arguments[index] = args;
    return args;
  }

  take(slot: number): unknown {
    const next = this.#taken[slot] ?? 0;
    this.#taken[slot] = next + 1;
    return this.#values[slot]?.[next];
  }

  lastWritten(slot: number): LastWritten {
    return (this.#lastWritten[slot] ??= new LastWritten());
  }

  keep(slot: number, value: unknown): void {
    const kept = this.#kept[slot];
    if (kept !== undefined) {
      kept.push(value);
      return;
    }
    const values = [value];
    this.#kept[slot] = values;
    this.#values[slot] = values;
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

  /**
   * Gathers the root fields' values and all that is fetched below; returns a promise only if one is awaited.
   */
  gather(roots: readonly FieldPlan[], values: readonly unknown[]): Promise<void> | undefined {
    if (!values.some(isThenable)) return this.#start(roots, values);
    return awaitAll(values, (value, index) => markHandled(value, roots[index]?.value.objects ?? [])).then(
      (arrived) => this.#start(roots, arrived),
    );
  }

  /** Ends a run that bails out: gathered promises are no longer awaited; the fetched batches remain. */
  abandon(): void {
    ignoreRejections(this.#values);
    for (const { answer } of this.fetched) ignoreRejections(answer);
    this.#release();
  }

  /**
   * Ends a run that has written its response. Arrays are emptied, not replaced: those made before a wait are
   * in V8's old generation, where they would keep alive what they refer to.
   */
  finish(): void {
    for (const values of this.#fetchedValues) clear(values);
    clear(this.fetched);
    this.#release();
  }

  #release(): void {
    this.size.forget();
    clear(this.#fetchedValues);
    clear(this.#values);
    clear(this.#kept);
    clear(this.#lastWritten);
    clear(this.#sources);
    clear(this.#reached);
    clear(this.#unmarked);
  }

  #start(roots: readonly FieldPlan[], values: readonly unknown[]): Promise<void> | undefined {
    try {
      for (const [index, field] of roots.entries()) this.#receive(field, [values[index]]);
    } catch (error) {
      ignoreRejections(values);
      throw error;
    }
    return this.#descend();
  }

  #receive(field: FieldPlan, values: readonly unknown[]): void {
    const { slot, value } = field;
    if (slot === null) return;
    this.#values[slot] = values;
    this.#unmarked.push({ field, values });
    // Promises are found now, not when the response is written: one that rejects until then would be
    // unhandled.
    const look = value.visit ?? assertNoPromise;
    for (let index = 0; index < values.length; index += 1) look(values[index], this);
  }

  /** Runs one level after another; waits only if a batch resolver returned a promise. */
  #descend(): Promise<void> | undefined {
    for (;;) {
      const reached = this.#readReached();
      if (reached.length === 0) return undefined;
      const batches = batchesOf(reached, this);
      // All before the first answer is examined: a bailout must not leave the promises of others unhandled.
      const answers = batches.map((batch) => this.#fetch(batch));
      if (answers.some(isThenable)) return this.#waitFor(batches, answers);
      this.#deliver(batches, answers);
    }
  }

  #waitFor(batches: readonly Batch[], answers: readonly unknown[]): Promise<void> {
    for (const { field, values } of this.#unmarked) markHandled(values, field.value.objects);
    this.#unmarked = [];
    return awaitAll(answers, (values, index) => {
      for (const { field } of batches[index]?.fields ?? []) markHandled(values, field.value.objects);
    }).then((arrived) => {
      this.#deliver(batches, arrived);
      return this.#descend();
    });
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
  #fetch(batch: Batch): unknown {
    let answer: unknown;
    try {
      answer = batch.fetch(batch.parents, batch.args, this.context, batch.selection);
      // A thenable that is no promise may start its work whenever `then` is called: call it once.
      if (isThenable(answer)) answer = Promise.resolve(answer);
    } catch (error) {
      answer = Promise.reject(error);
    }
    this.fetched.push({ batch, answer });
    return answer;
  }

  #deliver(batches: readonly Batch[], answers: readonly unknown[]): void {
    for (const [index, { parents, indexes, fields }] of batches.entries()) {
      const values = answers[index];
      if (!isAnswerFor(values, parents)) throw new Bailout('no answer for each parent');
      this.#fetchedValues.push(values);
      for (const { field, parents: own } of fields) {
        this.#receive(
          field,
          indexes === null ? values : own.map((parent) => values[indexes.get(parent) ?? -1]),
        );
      }
    }
  }
}

/** Waits for all values as Promise.all does; `mark` is called with each that arrives before the last one. */
function awaitAll(
  values: readonly unknown[],
  mark: (value: unknown, index: number) => void,
): Promise<unknown[]> {
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
