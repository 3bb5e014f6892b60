import type { Client } from 'pg';

/** A column and two different values of its type, as SQL. */
export interface AnyColumn {
  readonly name: string;
  readonly first: string;
  readonly second: string;
}

/** The columns of a table that can be written, except for generated ones. */
export async function writableColumns(client: Client, table: string): Promise<AnyColumn[]> {
  const { rows } = await client.query<Record<string, unknown>>(
    `select a.attname as name, t.typname as type, t.typcategory as category,
       (select array_agg(enumlabel order by enumsortorder)::text[] from pg_enum where enumtypid = t.oid) as labels
     from pg_attribute a join pg_type t on t.oid = a.atttypid
     where a.attrelid = '${table}'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     order by a.attnum`,
  );
  return rows.map(({ name, type, category, labels }) => {
    const [first, second] = valuesOf(String(type), String(category), Array.isArray(labels) ? labels : []);
    return { name: String(name), first: `'${first}'`, second: `'${second}'` };
  });
}

/**
 * Removes the constraints that keep a single row of the table from holding any values; for databases of one
 * test.
 */
export async function dropConstraints(client: Client, tables: readonly string[]): Promise<void> {
  await client.query(
    `do $$ declare it record; begin
       for it in select conrelid::regclass as owner, conname from pg_constraint
         where contype in ('c', 'f') and conrelid = any('{${tables.join(',')}}'::regclass[]) loop
         execute format('alter table %s drop constraint %I', it.owner, it.conname);
       end loop;
     end $$`,
  );
}

const uuid = (digit: number) => `00000000-0000-7000-8000-00000000000${digit}`;

const valuesByType = new Map<string, readonly [string, string]>([
  ['uuid', [uuid(8), uuid(9)]],
  ['jsonb', ['{}', '{"a": 1}']],
  ['bytea', ['\\x00', '\\x01']],
]);

const valuesByCategory = new Map<string, readonly [string, string]>([
  ['S', ['a', 'b']],
  ['N', ['1', '2']],
  ['B', ['false', 'true']],
  ['D', ['2026-01-01', '2026-01-02']],
  ['A', ['{}', '{1}']],
]);

function valuesOf(type: string, category: string, labels: readonly unknown[]): readonly [string, string] {
  if (labels.length > 1) return [String(labels[0]), String(labels[1])];
  const values = valuesByType.get(type) ?? valuesByCategory.get(category);
  if (values === undefined) throw new Error(`test/support/any-row.ts knows no values of the type ${type}.`);
  return values;
}
