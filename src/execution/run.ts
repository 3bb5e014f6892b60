import { getArgumentValues, type GraphQLField } from 'graphql';
import { ByArguments } from './by-arguments.ts';
import { refusePromise } from './complete-value.ts';
import { Fault, hush, isThenable } from './fault.ts';
import type { Fetch, FieldPlan, ObjectPlan, RunState, Source } from './plan.ts';
import { isAnswerFor, type Fetched } from './replay.ts';
import { together } from './together.ts';

/** A batched field that was reached, and the parents that reached it at one place. */
interface Wanted {
  readonly field: FieldPlan;
  readonly fetch: Fetch;
  readonly parents: readonly Source[];
}

/** One run of a plan: gathers level by level, and then gives what it gathered to the one who writes. */
export class Run implements RunState {
  readonly context: unknown;
  /** What was fetched, for the case that it is needed once more. */
  fetched: Fetched[] = [];
  /** The promises that were waited for and have come to an end, in that order. */
  settled: unknown[] = [];
  readonly #variables: Readonly<Record<string, unknown>>;
  /** By slot. */
  #values: (readonly unknown[] | undefined)[] = [];
  /** Those of the slots that are filled one by one. */
  #kept: (unknown[] | undefined)[] = [];
  #taken: number[] = [];
  #sources: (Source[] | undefined)[] = [];
  readonly #arguments: (Readonly<Record<string, unknown>> | undefined)[] = [];
  #reached: ObjectPlan[] = [];

  constructor(context: unknown, variables: Readonly<Record<string, unknown>>) {
    this.context = context;
    this.#variables = variables;
  }

  /** @throws GraphQLError where the variables do not fit */
  argumentsOf({ definition, index, nodes, resolve }: FieldPlan): Readonly<Record<string, unknown>> {
    const known = this.#arguments[index];
    if (known !== undefined) return known;
    const args = getArgumentValues(definition, nodes[0], this.#variables);
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
      hush(values);
      throw error;
    }
    return this.#descend();
  }

  /** What was gathered and will not be asked for may still be promises. */
  abandon(): void {
    hush(this.#values);
    for (const { answer } of this.fetched) hush(answer);
    this.release();
  }

  /** Lets go of everything: what was made before the database was waited for outlives many requests otherwise. */
  release(): void {
    this.#values = [];
    this.#kept = [];
    this.#taken = [];
    this.#sources = [];
    this.#reached = [];
    this.fetched = [];
    this.settled = [];
  }

  #receive({ slot, value: { visit } }: FieldPlan, values: readonly unknown[]): void {
    if (slot === null) return;
    this.#values[slot] = values;
    // Not only when it is written: a promise that fails until then would be one that nobody hears.
    const look = visit ?? refusePromise;
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
        return together(answers, this.settled).then((arrived) => {
          this.#deliver(groups, arrived);
          return this.#descend();
        });
      }
      this.#deliver(groups, answers);
    }
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
      hush(values);
      throw error;
    }
    return values;
  }

  #fetch({ definition, fetch, args, parents }: Group): unknown {
    const answer = attempt(() => fetch(parents, args, this.context));
    this.fetched.push({ definition, args, parents, answer });
    return answer;
  }

  #deliver(groups: readonly Group[], answers: readonly unknown[]): void {
    for (const [index, { parents, indexes, wanted }] of groups.entries()) {
      const values = answers[index];
      if (!isAnswerFor(values, parents)) throw new Fault('no answer for each parent');
      for (const { field, parents: own } of wanted) {
        this.#receive(
          field,
          indexes === null ? values : own.map((parent) => values[indexes.get(parent) ?? -1]),
        );
      }
    }
  }
}

/** What one call of a fetch is made for. */
interface Group {
  readonly definition: GraphQLField<unknown, unknown>;
  readonly fetch: Fetch;
  readonly args: Readonly<Record<string, unknown>>;
  /** Each once. */
  readonly parents: readonly Source[];
  /** Where a parent's value is; null where the values are those of the only field, one for one. */
  readonly indexes: ReadonlyMap<Source, number> | null;
  readonly wanted: readonly Wanted[];
}

interface Bundle {
  readonly args: Readonly<Record<string, unknown>>;
  readonly first: Wanted;
  readonly wanted: Wanted[];
}

/** Fields of one level that mean the same are fetched together, wherever the document asks for them. */
function groupsOf(
  wanted: readonly Wanted[],
  argumentsOf: (field: FieldPlan) => Readonly<Record<string, unknown>>,
): Group[] {
  const bundles: Bundle[] = [];
  const known = new ByArguments<Bundle>();
  for (const each of wanted) {
    const { definition } = each.field;
    const args = argumentsOf(each.field);
    const bundle = known.find(definition, args);
    if (bundle !== undefined) {
      bundle.wanted.push(each);
      continue;
    }
    const added = { args, first: each, wanted: [each] };
    known.add(definition, args, added);
    bundles.push(added);
  }
  return bundles.map(({ args, first, wanted: bundled }) => {
    const all = bundled.length === 1 ? first.parents : bundled.flatMap(({ parents }) => parents);
    const { definition } = first.field;
    return { definition, fetch: first.fetch, args, wanted: bundled, ...distinct(all, bundled.length === 1) };
  });
}

/** A cache hands out one object to many: what is asked for it is asked once. */
function distinct(all: readonly Source[], isOnly: boolean): Pick<Group, 'parents' | 'indexes'> {
  const set = new Set(all);
  if (set.size === all.length && isOnly) return { parents: all, indexes: null };
  const parents = [...set];
  return { parents, indexes: new Map(parents.map((parent, index) => [parent, index])) };
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
