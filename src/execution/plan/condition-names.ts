import { visit, Kind, type DocumentNode } from 'graphql';

/** Returns the names of the variables in `@skip` and `@include` conditions of a document, each once. */
export function conditionNamesIn(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive({ name, arguments: [argument] = [] }) {
      if (name.value !== 'skip' && name.value !== 'include') return;
      if (argument?.value.kind === Kind.VARIABLE) names.add(argument.value.name.value);
    },
  });
  return [...names];
}
