import type { GraphQLField } from 'graphql';
import { mergeSelections, type Selection } from '../selection.ts';
import { ByArguments } from './by-arguments.ts';
import type { Fetch, FieldPlan, Source } from '../plan/plan.ts';

/** A batched field that was reached, and the parents that reached it at one place. */
export interface Wanted {
  readonly field: FieldPlan;
  readonly fetch: Fetch;
  readonly parents: readonly Source[];
}

/** What one call of a fetch is made for. */
export interface Group {
  readonly definition: GraphQLField<unknown, unknown>;
  readonly fetch: Fetch;
  readonly args: Readonly<Record<string, unknown>>;
  readonly selection: Selection;
  /** Each once. */
  readonly parents: readonly Source[];
  /** Where a parent's value is; null where the values are those of the only field, one for one. */
  readonly indexes: ReadonlyMap<Source, number> | null;
  readonly wanted: readonly Wanted[];
}

/** Fields of one level that mean the same are fetched together, wherever the document asks for them. */
export function groupsOf(
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
    const selection = mergeSelections(bundled.map(({ field }) => field.value.selection));
    const shared = { definition, fetch: first.fetch, args, selection, wanted: bundled };
    return { ...shared, ...distinct(all, bundled.length === 1) };
  });
}

interface Bundle {
  readonly args: Readonly<Record<string, unknown>>;
  readonly first: Wanted;
  readonly wanted: Wanted[];
}

/** A cache hands out one object to many: what is asked for it is asked once. */
function distinct(all: readonly Source[], isOnly: boolean): Pick<Group, 'parents' | 'indexes'> {
  const set = new Set(all);
  if (set.size === all.length && isOnly) return { parents: all, indexes: null };
  const parents = [...set];
  return { parents, indexes: new Map(parents.map((parent, index) => [parent, index])) };
}
