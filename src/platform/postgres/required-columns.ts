import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prismaFolder } from './migrations/migration-folder.ts';

/** A column that the code reads or writes. */
export interface RequiredColumn {
  readonly name: string;
  /**
   * True for a column that identifies a row's owner or a related row: without it, tenants are not isolated.
   */
  readonly isIsolating: boolean;
}

/**
 * Returns the columns that the code requires, by table, from `schema.prisma`. Prisma's own data model does
 * not serve: it omits columns whose type Prisma does not know.
 */
export function readRequiredColumns(folder = prismaFolder): ReadonlyMap<string, readonly RequiredColumn[]> {
  const models = modelsIn(readFileSync(join(folder, 'schema.prisma'), 'utf8'));
  const names = new Set(models.map((model) => model.name));
  return new Map(
    models.map(({ name, lines }) => [
      mappedName(lines.find((line) => line.startsWith('@@map(')) ?? '') ?? name,
      lines.flatMap((line) => columnIn(line, names)),
    ]),
  );
}

function modelsIn(schema: string): { readonly name: string; readonly lines: readonly string[] }[] {
  return Array.from(schema.matchAll(/^model (\w+) \{\n(.*?)^\}/gms), ([, name = '', body = '']) => ({
    name,
    lines: body.split('\n').map((line) => line.trim()),
  }));
}

/**
 * Returns the column of a line; none for a comment, an attribute of the model and a relation to another
 * model.
 */
function columnIn(line: string, modelNames: ReadonlySet<string>): RequiredColumn[] {
  const [, name, type = '', attributes = ''] = /^(\w+)\s+(\w+)\S*(.*)$/.exec(line) ?? [];
  if (name === undefined || modelNames.has(type)) return [];
  return [
    {
      name: mappedName(attributes) ?? name,
      // By the type and not by a list of names, so that a new table is covered without further work.
      isIsolating: attributes.includes('@db.Uuid'),
    },
  ];
}

function mappedName(attributes: string): string | undefined {
  return /@map\("(\w+)"\)/.exec(attributes)?.[1];
}
