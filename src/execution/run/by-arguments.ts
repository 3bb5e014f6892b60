import type { GraphQLField } from 'graphql';
import { isDeepEqual, hashKey } from './deep-equal.ts';

type Definition = GraphQLField<unknown, unknown>;

interface Entry<Value> {
  readonly args: unknown;
  readonly value: Value;
}

/** Values by a field and its arguments: arguments that mean the same find the same value, among however many others. */
export class ByArguments<Value> {
  /** Most fields are asked for with the same arguments everywhere, which is found out for less than a text. */
  readonly #first = new Map<Definition, Entry<Value>>();
  #others: Map<Definition, Map<string, Entry<Value>[]>> | null = null;

  find(definition: Definition, args: unknown): Value | undefined {
    const first = this.#first.get(definition);
    if (first === undefined) return undefined;
    if (isDeepEqual(first.args, args)) return first.value;
    const others = this.#others?.get(definition)?.get(hashKey(args));
    return others?.find((other) => isDeepEqual(other.args, args))?.value;
  }

  /** Only where `find` finds nothing. */
  add(definition: Definition, args: unknown, value: Value): void {
    const entry = { args, value };
    if (!this.#first.has(definition)) {
      this.#first.set(definition, entry);
      return;
    }
    this.#others ??= new Map();
    const others = this.#others.get(definition) ?? new Map<string, Entry<Value>[]>();
    this.#others.set(definition, others);
    const text = hashKey(args);
    const alike = others.get(text);
    if (alike === undefined) others.set(text, [entry]);
    else alike.push(entry);
  }
}
