/**
 * A cache as its domain declares it, in `src/domains/<name>/caches.ts`. docs/caching.md lists the steps to
 * add one.
 */
export interface CacheDeclaration<Value> {
  /** The value of the enum `CacheName`. */
  readonly name: string;
  /**
   * The variable that sets the time to live in seconds; 0 disables the cache where `secondsMin` allows that.
   */
  readonly ttl: { readonly variable: string; readonly seconds: number; readonly secondsMin?: number };
  readonly entriesMax: number;
  /** Tags of an entry that follow from its key; they also apply to the knowledge that there is no value. */
  readonly tagsOfKey?: (key: string) => readonly string[];
  /** Tags of an entry that follow from its value. */
  readonly tagsOfValue?: (value: Value) => readonly string[];
  /** To be raised with the shape of the values: entries of another version in Redis are never read. */
  readonly version?: number;
  /**
   * True for values that decide who may do what: Redis holds them only if they are signed, so that no one who
   * can write there gains access.
   */
  readonly decidesAccess?: boolean;
  /** By table that values are made of: the entries that a change of one of its rows invalidates. */
  readonly tables: Readonly<Record<string, TableDependency>>;
}

/** The entries that a changed row invalidates: all, or those with the tag `<tag>:<value of idColumn>`. */
export type TableDependency =
  | 'all entries'
  | {
      readonly tag: string;
      readonly idColumn: string;
      /** False: no entry can depend on a row before it exists, so that inserts are not announced. */
      readonly insertsCount?: boolean;
      /** Columns that no value contains and that change often. */
      readonly ignoredColumns?: readonly string[];
    };

/** The statement of a migration that has PostgreSQL announce the changes of a table to this cache. */
export function announcementStatement(cache: string, table: string, dependency: TableDependency): string {
  if (dependency === 'all entries') return `select announce_table('${table}', 'cache:${cache}');`;
  const { tag, idColumn, insertsCount = true, ignoredColumns = [] } = dependency;
  const options = [
    ...(insertsCount ? [] : ['inserts_count => false']),
    ...(ignoredColumns.length === 0 ? [] : [`ignored_columns => '{${ignoredColumns.join(',')}}'`]),
  ];
  return `select announce_table(${[`'${table}'`, `'tag:${tag}'`, `'${idColumn}'`, ...options].join(', ')});`;
}
