import sql from 'sql-template-tag';
import type { Database } from './database.ts';

/** A column, described as in PostgreSQL's `information_schema.columns`. */
export interface Column {
  readonly name: string;
  /**
   * The type's SQL name, such as `uuid` or `timestamp with time zone`; `ARRAY` and `USER-DEFINED` for arrays
   * and enums.
   */
  readonly type: string;
  readonly isNullable: boolean;
}

/** The name of the catalog's cache, by which processes invalidate it. */
export const columnCatalogCache = 'SCHEMA';

/** The columns that the tables of the database have. */
export interface ColumnCatalog {
  /** Returns the columns of each table, in the order of `tables`; null for a table that does not exist. */
  columnsOf(tables: readonly string[]): Promise<(readonly Column[] | null)[]>;
  /** Drops all cached columns. */
  forget(): Promise<void>;
}

/** A cache of each table's columns. */
interface ColumnCache {
  getMany(
    tables: readonly string[],
    load: (missing: readonly string[]) => Promise<ReadonlyMap<string, readonly Column[]>>,
  ): Promise<(readonly Column[] | null)[]>;
  invalidate(scope: 'all'): Promise<unknown>;
}

/** Creates the catalog; all requested tables that are not cached are read in one statement. */
export function createColumnCatalog(database: Database, cache: ColumnCache): ColumnCatalog {
  return {
    columnsOf: (tables) => cache.getMany(tables, (missing) => readColumns(database, missing)),
    async forget() {
      await cache.invalidate('all');
    },
  };
}

/**
 * Reads pg_catalog, naming types by the rules of information_schema, in a fraction of the time of that view.
 */
async function readColumns(
  database: Database,
  tables: readonly string[],
): Promise<ReadonlyMap<string, readonly Column[]>> {
  const rows = await database.query<Column & { readonly table: string }>(sql`
    select c.relname as "table", a.attname as name, not a.attnotnull as "isNullable",
      case when t.typelem <> 0 and t.typlen = -1 then 'ARRAY'
        when t.typnamespace = 'pg_catalog'::regnamespace then format_type(t.oid, null)
        else 'USER-DEFINED' end as type
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
      and c.relname = any(${tables}::name[])
    order by c.relname, a.attnum`);
  const columnsByTable = new Map<string, Column[]>();
  for (const { table, ...column } of rows) {
    const columns = columnsByTable.get(table);
    if (columns === undefined) columnsByTable.set(table, [column]);
    else columns.push(column);
  }
  return columnsByTable;
}
