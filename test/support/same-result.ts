/** An execution result, or what JSON makes of it. */
export interface ComparedResult {
  readonly data?: unknown;
  readonly errors?: readonly { readonly path?: readonly (string | number)[] | undefined }[] | undefined;
}

/**
 * Compares two results: the same data and the same errors, in any order. Where several errors make one place
 * null, timing decides which of them graphql-js reports: there, each result must have at least one.
 */
export function isSameResult(left: ComparedResult, right: ComparedResult): boolean {
  if (JSON.stringify(left.data) !== JSON.stringify(right.data)) return false;
  const [placesOfLeft, placesOfRight] = [nullPlacesOf(left), nullPlacesOf(right)];
  if (placesOfLeft.size !== placesOfRight.size) return false;
  if (![...placesOfLeft].every((place) => placesOfRight.has(place))) return false;
  const errorsOfRight = errorsByPath(right);
  return [...errorsByPath(left)].every(([path, error]) => (errorsOfRight.get(path) ?? error) === error);
}

/**
 * The paths at which data is null because of an error: the field itself failed, or something below that must
 * not be null.
 */
function nullPlacesOf({ data, errors = [] }: ComparedResult): ReadonlySet<string> {
  const places = errors.map(({ path = [] }) => {
    const length = nonNullLengthOf(data, path);
    return `${path.slice(0, length).join('.')} ${length === path.length ? 'itself' : 'or below'}`;
  });
  return new Set(places);
}

function nonNullLengthOf(data: unknown, path: readonly (string | number)[]): number {
  let value = data;
  for (const [index, key] of path.entries()) {
    if (typeof value !== 'object' || value === null) return index;
    value = Object.entries(value).find(([name]) => name === String(key))?.[1];
  }
  return path.length;
}

function errorsByPath({ errors = [] }: ComparedResult): ReadonlyMap<string, string> {
  return new Map(errors.map((error) => [String(error.path?.join('.')), JSON.stringify(error)]));
}
