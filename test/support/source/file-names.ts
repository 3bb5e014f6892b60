import { basename, dirname } from 'node:path';

/** Files that every domain, or every layer that is assembled from domains, has in the same role. */
const roleOfDomain = /^src\/(domains\/.+|graphql)\/[^/]+$/;

/**
 * Finds names that files of different roles share; a file of the same role in several domains is one role.
 */
export function sharedNamesIn(paths: readonly string[]): readonly string[] {
  const byName = groupBy(paths, basename);
  return [...byName.values()]
    .filter((same) => same.length > 1 && !same.every((path) => roleOfDomain.test(path)))
    .flat();
}

/** Finds folders with more than `filesMax` files of their own. */
export function fullFoldersIn(paths: readonly string[], filesMax: number): readonly string[] {
  const byFolder = groupBy(paths, dirname);
  return [...byFolder].filter(([, own]) => own.length > filesMax).map(([folder]) => folder);
}

/** As `Map.groupBy`, which Node 20 lacks. */
function groupBy(paths: readonly string[], keyOf: (path: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const path of paths) groups.set(keyOf(path), [...(groups.get(keyOf(path)) ?? []), path]);
  return groups;
}
