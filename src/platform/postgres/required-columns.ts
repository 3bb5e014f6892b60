import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prismaFolder } from './migrations/migration-folder.ts';

/** A column that the code reads or writes. */
export interface NeededColumn {
  readonly name: string;
  /** Whether it says whose a row is, or which rows belong together: without it one tenant's rows can pass for another's. */
  readonly isIsolating: boolean;
}

/**
 * What the code needs of the database, by table: read from `schema.prisma`, which Prisma's client is generated from too.
 * Prisma's own data model will not do, it leaves out columns of a type that Prisma does not know.
 */
export function readNeededColumns(folder = prismaFolder): ReadonlyMap<string, readonly NeededColumn[]> {
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

/** A line's column; none for a comment, an attribute of the whole model, and a relation to another model. */
function columnIn(line: string, modelNames: ReadonlySet<string>): NeededColumn[] {
  const [, name, type = '', attributes = ''] = /^(\w+)\s+(\w+)\S*(.*)$/.exec(line) ?? [];
  if (name === undefined || modelNames.has(type)) return [];
  return [
    {
      name: mappedName(attributes) ?? name,
      // By the type and not by a list of names: a new table is covered on the day on which it is written.
      isIsolating: attributes.includes('@db.Uuid'),
    },
  ];
}

function mappedName(attributes: string): string | undefined {
  return /@map\("(\w+)"\)/.exec(attributes)?.[1];
}
