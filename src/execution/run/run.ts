import type { AnswerSize } from './answer-size.ts';
import { refusePromise } from './complete-value.ts';
import { Bailout, ignoreRejections, isThenable } from '../fallback/bailout.ts';
import { groupsOf, type Group, type Wanted } from './groups.ts';
import type { FieldPlan, ObjectPlan, RunState, Source } from '../plan/plan.ts';
import { LastWritten } from './last-written.ts';
import { isAnswerFor, type Fetched } from '../fallback/replay.ts';
import { allInOrder } from '../fallback/settle-order.ts';

/** One run of a plan: gathers level by level, and then gives what it gathered to the one who writes. */
export class Run implements RunState {
  readonly context: unknown;
  readonly size: AnswerSize;
  /** What was fetched, for the case that it is needed once more. */
  fetched: Fetched[] = [];
  /** The promises that were waited for and have come to an end, in that order. */
  readonly settled: unknown[] = [];
  readonly #variables: Readonly<Record<string, unknown>>;
  /** By slot. */
  readonly #values: (readonly unknown[] | undefined)[] = [];
  /** Those of the slots that are filled one by one. */
  readonly #kept: (unknown[] | undefined)[] = [];
  readonly #taken: number[] = [];
  readonly #recent: (LastWritten | undefined)[] = [];
  #sources: (Source[] | undefined)[] = [];
  /** The arrays that fetches answered; they are fresh, and nobody else's. */
  readonly #fetchedValues: unknown[][] = [];
  readonly #arguments: (Readonly<Record<string, unknown>> | undefined)[] = [];
  #reached: ObjectPlan[] = [];
  /** What was received since something was waited for. */
  #unhandled: { readonly field: FieldPlan; readonly values: readonly unknown[] }[] = [];

  constructor(context: unknown, variables: Readonly<Record<string, unknown>>, size: AnswerSize) {
    this.context = context;
    this.size = size;
    this.#variables = variables;
  }

  /** @throws GraphQLError where the variables do not fit */
  argumentsOf({ index, readArguments, resolve }: FieldPlan): Readonly<Record<string, unknown>> {
    const known = this.#arguments[index];
    if (known !== undefined) return known;
    const args = readArguments(this.#variables);
    // Many sources share them: who writes into them throws, and is given some of its own by graphql-js.
    if (resolve !== null) Object.freeze(args);
    this.#arguments[index] = args;
    return args;
  }

  take(slot: number): unknown {
    const next = this.#taken[slot] ?? 0;
    this.#taken[slot] = next + 1;
    return this.#values[slot]?.[next];
  }

  lastWrittenIn(slot: number): LastWritten {
    return (this.#recent[slot] ??= new LastWritten());
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

  /** Takes the value of each root field, and fetches all that lies below; a promise where there is something to wait for. */
  gather(roots: readonly FieldPlan[], values: readonly unknown[]): Promise<void> | undefined {
    try {
      for (const [index, field] of roots.entries()) this.#receive(field, [values[index]]);
    } catch (error) {
      ignoreRejections(values);
      throw error;
    }
    return this.#descend();
  }

  /** What was gathered and will not be asked for may still be promises. Whoever takes over goes on with what was fetched. */
  abandon(): void {
    ignoreRejections(this.#values);
    for (const { answer } of this.fetched) ignoreRejections(answer);
    this.#letGo();
  }

  /**
   * Lets go of everything, at the end. Not by new arrays in place of the old: what was made before the database was waited for may
   * be kept for long after its end, with whatever it still points to.
   */
  finish(): void {
    for (const values of this.#fetchedValues) clear(values);
    clear(this.fetched);
    clear(this.settled);
    this.#letGo();
  }

  #letGo(): void {
    this.size.forget();
    clear(this.#fetchedValues);
    clear(this.#values);
    clear(this.#kept);
    clear(this.#recent);
    clear(this.#sources);
    clear(this.#reached);
    clear(this.#unhandled);
  }

  #receive(field: FieldPlan, values: readonly unknown[]): void {
    const { slot, value } = field;
    if (slot === null) return;
    this.#values[slot] = values;
    this.#unhandled.push({ field, values });
    // Not only when it is written: a promise that fails until then would be one that nobody hears.
    const look = value.visit ?? refusePromise;
    for (let index = 0; index < values.length; index += 1) look(values[index], this);
  }

  /** One level after the other, and without a promise as long as every fetch has its answer at hand. */
  #descend(): Promise<void> | undefined {
    for (;;) {
      const wanted = this.#readReached();
      if (wanted.length === 0) return undefined;
      const groups = groupsOf(wanted, (field) => this.argumentsOf(field));
      // All of them before any of their answers is looked at: an answer that makes a fault must not leave others unheard.
      const answers = groups.map((group) => this.#fetch(group));
      if (answers.some(isThenable)) {
        this.#markHandled();
        return allInOrder(answers, this.settled, (values, index) =>
          markAnswerHandled(groups[index], values),
        ).then((arrived) => {
          this.#deliver(groups, arrived);
          return this.#descend();
        });
      }
      this.#deliver(groups, answers);
    }
  }

  /** What waits for the one who writes may hold promises that fail until then. */
  #markHandled(): void {
    for (const { field, values } of this.#unhandled)
      for (const value of values) field.value.markHandled(value);
    this.#unhandled = [];
  }

  /** Reads the plain fields below which something is fetched, until only fields that fetch are left. */
  #readReached(): Wanted[] {
    const wanted: Wanted[] = [];
    // It grows while it is gone through.
    for (const object of this.#reached) {
      const parents = this.#sources[object.index] ?? [];
      for (const field of object.gathered) {
        if (field.fetch === null) this.#receive(field, this.#readPlain(field, parents));
        else wanted.push({ field, fetch: field.fetch, parents });
      }
    }
    this.#reached = [];
    return wanted;
  }

  #readPlain(field: FieldPlan, sources: readonly Source[]): unknown[] {
    const { resolve, definition } = field;
    if (resolve === null) return sources.map((source) => source[definition.name]);
    const args = this.argumentsOf(field);
    const values: unknown[] = [];
    try {
      for (const source of sources) values.push(resolve(source, args, this.context));
    } catch (error) {
      ignoreRejections(values);
      throw error;
    }
    return values;
  }

  #fetch({ selection, definition, fetch, args, parents, wanted }: Group): unknown {
    const answer = attempt(() => fetch(parents, args, this.context, selection));
    this.fetched.push({ definition, args, parents, answer, places: wanted });
    return answer;
  }

  #deliver(groups: readonly Group[], answers: readonly unknown[]): void {
    for (const [index, { parents, indexes, wanted }] of groups.entries()) {
      const values = answers[index];
      if (!isAnswerFor(values, parents)) throw new Bailout('no answer for each parent');
      this.#fetchedValues.push(values);
      for (const { field, parents: own } of wanted) {
        this.#receive(
          field,
          indexes === null ? values : own.map((parent) => values[indexes.get(parent) ?? -1]),
        );
      }
    }
  }
}

function markAnswerHandled(group: Group | undefined, answer: unknown): void {
  if (!Array.isArray(answer)) return;
  for (const { field } of group?.wanted ?? []) for (const value of answer) field.value.markHandled(value);
}

/** What throws at once fails like what rejects; what is a promise by its looks only is asked to be one once. */
function attempt(work: () => unknown): unknown {
  try {
    const answer = work();
    return isThenable(answer) ? Promise.resolve(answer) : answer;
  } catch (error) {
    return Promise.reject(error);
  }
}

/** V8 would drop the array's store as it is, with all that it points to. */
function clear(values: unknown[]): void {
  values.fill(undefined);
  values.length = 0;
}
