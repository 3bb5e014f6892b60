import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import { aSchema, type TestField, type TestFields } from './both-executors.ts';
import { seededRandom, type Random } from './seeded-random.ts';

/** A schema, and a way to make it again with nothing in common but what it answers. */
export interface RandomSchema {
  readonly make: () => GraphQLSchema;
  /** Root and batched fields, as they were called: `Type.field of id`. */
  readonly calls: string[];
}

interface Row {
  readonly id: string;
}

const leaves = ['Int', 'String', 'Boolean', 'Float', 'ID', 'Color'] as const;
const objects = ['A', 'B', 'C', 'D'] as const;
const composites = [...objects, 'Named', 'Any'] as const;

/**
 * Makes a schema in which a share of all values are odd: errors, nulls where none may be, promises, and
 * worse.
 */
export function randomSchema(random: Random, oddShare: number): RandomSchema {
  const typeDefinitions = randomTypes(random);
  const seed = String(random.below(1_000_000));
  const calls: string[] = [];
  const skeleton = aSchema(typeDefinitions, {});
  // The kind of a field depends only on the schema, its value on the parent.
  const make = () => aSchema(typeDefinitions, fieldsOf(skeleton, new World(skeleton, seed, oddShare, calls)));
  return { make, calls };
}

function randomTypes(random: Random): string {
  const wrap = (name: string) =>
    random.pick([name, name, `${name}!`, `[${name}]`, `[${name}!]!`, `[[${name}!]]`]);
  const field = (name: string, index: number) =>
    `f${index}${random.fraction() < 0.3 ? '(n: Int = 1)' : ''}: ${wrap(name)}`;
  const fields = () =>
    Array.from({ length: 3 + random.below(4) }, (_, index) =>
      field(random.fraction() < 0.5 ? random.pick(leaves) : random.pick(composites), index),
    );
  const types = objects.map(
    (name) => `type ${name} implements Named { id: ID! name: String ${fields().join(' ')} }`,
  );
  return `enum Color { RED GREEN } interface Named { id: ID! name: String } union Any = A | B
    type Query { ${fields().join(' ')} g: A h: Named i: [B!]! }
    type Mutation { ${fields().join(' ')} g: A h: [Named] } ${types.join(' ')}`;
}

function fieldsOf(schema: GraphQLSchema, world: World): TestFields {
  const types = ['Query', 'Mutation', ...objects].map((name) => schema.getType(name)).filter(isObjectType);
  return Object.fromEntries(types.map((type) => [type.name, world.fieldsOf(type)]));
}

/**
 * Resolves every field from a hash of field and parent, so that two worlds of one seed have equal results.
 */
class World {
  readonly #schema: GraphQLSchema;
  readonly #seed: string;
  readonly #oddShare: number;
  readonly #calls: string[];

  constructor(schema: GraphQLSchema, seed: string, oddShare: number, calls: string[]) {
    this.#schema = schema;
    this.#seed = seed;
    this.#oddShare = oddShare;
    this.#calls = calls;
  }

  fieldsOf(type: GraphQLObjectType): Readonly<Record<string, TestField>> {
    const isRoot = !objects.some((name) => name === type.name);
    return Object.fromEntries(
      Object.values(type.getFields()).map((field) => {
        const place = `${type.name}.${field.name}`;
        if (isRoot) return [field.name, this.#root(place, field.type)];
        return [field.name, this.#below(place, field.name, field.type)];
      }),
    );
  }

  #root(place: string, type: GraphQLOutputType): TestField {
    const isAsync = this.#randomOf(place).fraction() < 0.5;
    return (_root, args) => {
      const id = `${place}${JSON.stringify(args)}`;
      this.#calls.push(id);
      const answer = () => this.#value(type, id);
      return isAsync ? Promise.resolve().then(answer) : answer();
    };
  }

  #below(place: string, name: string, type: GraphQLOutputType): TestField {
    // Read from the row.
    if (name === 'id' || name === 'name') return undefined;
    const kind = this.#randomOf(place).below(3);
    if (kind === 0) return (row: unknown, args: unknown) => this.#value(type, idOf(row, name, args));
    return {
      fetch: (rows, args) => {
        const ids = rows.map((row) => idOf(row, name, args));
        this.#calls.push(...ids);
        const answer = () => {
          // Fails as a whole, or for single parents.
          if (this.#isOdd(`${place}${JSON.stringify(args)}`)) throw new Error(`no ${place}`);
          return ids.map((id) => this.#fetched(type, id));
        };
        return kind === 1 ? answer() : Promise.resolve().then(answer);
      },
    };
  }

  #fetched(type: GraphQLOutputType, id: string): unknown {
    try {
      return this.#value(type, id);
    } catch (error) {
      return error;
    }
  }

  #value(type: GraphQLOutputType, id: string): unknown {
    if (this.#isOdd(id)) return this.#oddValue(type, id);
    const random = this.#randomOf(id);
    const nullable = getNullableType(type);
    if (!isNonNullType(type) && random.fraction() < 0.1) return random.fraction() < 0.5 ? null : undefined;
    if (isListType(nullable)) {
      return Array.from({ length: random.below(4) }, (_, index) =>
        this.#value(nullable.ofType, `${id}[${index}]`),
      );
    }
    const named = getNamedType(type);
    if (isCompositeType(named)) {
      const possible = isAbstractType(named) ? this.#schema.getPossibleTypes(named) : [named];
      return this.#row(random.pick(possible).name, id);
    }
    if (isEnumType(named)) return random.pick(['RED', 'GREEN']);
    return (
      { Int: random.below(100), Float: random.fraction(), Boolean: random.fraction() < 0.5 }[named.name] ?? id
    );
  }

  #row(typeName: string, id: string): Row {
    const name = this.#isOdd(`${id}.name`) ? () => 'called' : `${typeName} ${id.length}`;
    return Object.assign({ id, name }, { __typename: typeName });
  }

  #oddValue(type: GraphQLOutputType, id: string): unknown {
    const random = this.#randomOf(`odd ${id}`);
    const usual = () => this.#value(getNullableType(type), `${id}~`);
    const odd: (() => unknown)[] = [
      () => null,
      () => undefined,
      () => new Error(`error of ${id}`),
      () => {
        throw new Error(`thrown for ${id}`);
      },
      () => Promise.resolve().then(usual),
      () => Promise.reject(new Error(`rejected for ${id}`)),
      () => ({ odd: true }),
      () => [usual()],
      () => new Set([usual()]),
      () => 'text',
      () => 1.5,
      () => usual,
      () => ({ __typename: 'Nothing', id }),
    ];
    return random.pick(odd)();
  }

  #isOdd(id: string): boolean {
    return this.#randomOf(`is odd: ${id}`).fraction() < this.#oddShare;
  }

  #randomOf(text: string): Random {
    let hash = 0;
    for (const character of this.#seed + text) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
    return seededRandom(hash);
  }
}

function idOf(row: unknown, name: string, args: unknown): string {
  const id = typeof row === 'object' && row !== null && 'id' in row ? String(row.id) : '?';
  return `${id}/${name}${JSON.stringify(args)}`;
}
