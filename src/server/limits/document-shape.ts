import {
  Kind,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { Refusal } from '../../platform/errors.ts';
import type { QueryLimits } from './query-limits.ts';

/**
 * The maximum number of fields once all fragments are spread, which a few hundred tokens can multiply without
 * limit.
 */
const selectionsMax = 10_000;

/**
 * Rejects a document by its form alone, before any other work: validating some documents takes longer than
 * running others. Each fragment is measured once.
 * @throws Refusal with QUERY_TOO_COMPLEX
 */
export function refuseTooComplex(document: DocumentNode, limits: QueryLimits): void {
  const { directives, longestList } = countWritten(document);
  refuseOver('directives', directives, limits.directivesMax);
  refuseOver('entries in one list', longestList, limits.listMax);
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  const measuring: Measuring = { fragments, measured: new Map(), open: new Set() };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const measure = measureOperation(definition, measuring);
    refuseOver('fields inside each other', measure.depth, limits.depthMax);
    refuseOver('aliases and repetitions', measure.aliases, limits.aliasesMax);
    refuseOver('root fields', measure.level, limits.rootFieldsMax);
    refuseOver('fields', measure.selections, selectionsMax);
  }
}

/** The size of a selection, including its fragments. */
interface Measure {
  readonly depth: number;
  readonly aliases: number;
  /** Fields of this level alone. */
  readonly level: number;
  readonly selections: number;
}

interface Measuring {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly measured: Map<string, Measure>;
  /** The fragments that are being measured; a fragment found here contains itself. */
  readonly open: Set<string>;
}

const nothing: Measure = { depth: 0, aliases: 0, level: 0, selections: 0 };

function countWritten(document: DocumentNode): { directives: number; longestList: number } {
  const written = { directives: 0, longestList: 0 };
  visit(document, {
    Directive: () => {
      written.directives += 1;
    },
    ListValue: ({ values }) => {
      written.longestList = Math.max(written.longestList, values.length);
    },
  });
  return written;
}

function refuseOver(what: string, found: number, max: number): void {
  if (max === 0 || found <= max) return;
  throw new Refusal('QUERY_TOO_COMPLEX', `This operation has ${found} ${what}; ${max} are allowed.`);
}

function measureOperation(operation: OperationDefinitionNode, measuring: Measuring): Measure {
  return measureSelections(operation.selectionSet, measuring);
}

function measureSelections(selectionSet: SelectionSetNode | undefined, measuring: Measuring): Measure {
  const selections = selectionSet?.selections ?? [];
  const inner = selections.map((selection) => measureSelection(selection, measuring)).reduce(sum, nothing);
  return { ...inner, aliases: inner.aliases + repetitionsIn(selections) };
}

function measureSelection(selection: SelectionNode, measuring: Measuring): Measure {
  if (selection.kind === Kind.INLINE_FRAGMENT) return measureSelections(selection.selectionSet, measuring);
  if (selection.kind === Kind.FRAGMENT_SPREAD) return measureFragment(selection.name.value, measuring);
  const inner = measureSelections(selection.selectionSet, measuring);
  // Introspection is deep by nature, and bounded by the schema and by graphql-js itself.
  const isIntrospection = selection.name.value.startsWith('__');
  return {
    depth: isIntrospection ? 0 : inner.depth + 1,
    aliases: inner.aliases + (selection.alias === undefined ? 0 : 1),
    level: 1,
    selections: inner.selections + 1,
  };
}

function measureFragment(name: string, measuring: Measuring): Measure {
  const known = measuring.measured.get(name);
  if (known !== undefined) return known;
  if (measuring.open.has(name)) {
    throw new Refusal('QUERY_TOO_COMPLEX', `The fragment \`${name}\` contains itself.`);
  }
  measuring.open.add(name);
  const measure = measureSelections(measuring.fragments.get(name)?.selectionSet, measuring);
  measuring.open.delete(name);
  measuring.measured.set(name, measure);
  return measure;
}

/** Counts repeated names, whose comparison takes validation quadratic time; aliases are counted elsewhere. */
function repetitionsIn(selections: readonly SelectionNode[]): number {
  const names = selections.flatMap((selection) => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return [];
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [`...${selection.name.value}`];
    return selection.alias === undefined ? [selection.name.value] : [];
  });
  return names.length - new Set(names).size;
}

function sum(left: Measure, right: Measure): Measure {
  return {
    depth: Math.max(left.depth, right.depth),
    aliases: left.aliases + right.aliases,
    level: left.level + right.level,
    selections: left.selections + right.selections,
  };
}
