import type { GraphQLField } from 'graphql';
import { isDeepEqual, hashKey } from './deep-equal.ts';

type Definition = GraphQLField<unknown, unknown>;

interface Entry<Value> {
  readonly args: unknown;
  readonly value: Value;
}

/** A map with a field definition and its arguments as key; arguments are compared by value. */
export class ByArguments<Value> {
  /** Most fields have equal arguments everywhere: a comparison is cheaper than a hash key. */
  readonly #first = new Map<Definition, Entry<Value>>();
  #others: Map<Definition, Map<string, Entry<Value>[]>> | null = null;

  find(definition: Definition, args: unknown): Value | undefined {
    const first = this.#first.get(definition);
    if (first === undefined) return undefined;
    if (isDeepEqual(first.args, args)) return first.value;
    const others = this.#others?.get(definition)?.get(hashKey(args));
    return others?.find((other) => isDeepEqual(other.args, args))?.value;
  }

  /** Adds a key that `find` does not find. */
  add(definition: Definition, args: unknown, value: Value): void {
    const entry = { args, value };
    if (!this.#first.has(definition)) {
      this.#first.set(definition, entry);
      return;
    }
    this.#others ??= new Map();
    const others = this.#others.get(definition) ?? new Map<string, Entry<Value>[]>();
    this.#others.set(definition, others);
    const key = hashKey(args);
    const alike = others.get(key);
    if (alike === undefined) others.set(key, [entry]);
    else alike.push(entry);
  }
}
