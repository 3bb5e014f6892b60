import { z } from 'zod';
import type { Finding } from '../../domains/statistics/model.ts';
import type { StatisticsQueries } from '../../domains/statistics/queries.ts';
import { NotReachable, queryServer, type ServerAddress } from './query-server.ts';
import { tableOf, type Appearance, type Table } from './table.ts';

/** The sources of the views at the time of a reading. */
export interface Reading {
  readonly queries: Omit<StatisticsQueries, 'refresh' | 'removeExpired'>;
  readonly at: Date;
  /** Null if the clean-up is disabled. */
  readonly cleanUpIntervalMs: number | null;
  /** Null without a token. */
  readonly server: ServerAddress | null;
  /** True if the view needs a server, so that its absence is an error. */
  readonly isServerRequired: boolean;
}

/** The declaration of a view. */
export interface View {
  readonly title: string;
  /** The kinds of findings of the database's analysis that belong to the view. */
  readonly analysis?: readonly string[];
  /** Returns a limitation of the view; null without one. */
  readonly note?: (reading: Reading) => Promise<string | null>;
  readonly tables: readonly ((reading: Reading) => Promise<LoadedTable>)[];
}

/** The result of a view. */
export interface Section {
  readonly view: string;
  readonly title: string;
  readonly tables: readonly Table[];
  /** Limitations of the section, such as missing permissions. */
  readonly notes: readonly string[];
  /** Warnings require action. */
  readonly findings: readonly Finding[];
  /** True if a source of the section could not be reached. */
  readonly isUnknown: boolean;
}

type LoadedTable = Partial<Omit<Section, 'tables'>> & { readonly table?: Table };

/** The appearance of a table, and the warnings of its rows. */
type TableOptions<Row> = Appearance<Row> & {
  readonly warnings?: (rows: readonly Row[], reading: Reading) => readonly Finding[];
};

const noServer =
  'Counters are kept in the memory of each server: pass --url, and --token of a platform admin.';

/** Declares a table of the database. */
export function table<Row extends object>(
  name: string,
  load: (reading: Reading) => Promise<readonly Row[]>,
  { warnings = () => [], ...appearance }: NoInfer<TableOptions<Row>> = {},
) {
  return async (reading: Reading): Promise<LoadedTable> => {
    const rows = await load(reading);
    return { table: tableOf(name, rows, appearance), findings: warnings(rows, reading) };
  };
}

/** Declares a table of a running server: a field of `operations` with one or many objects. */
export function serverTable<Shape extends z.ZodRawShape>(
  field: string,
  shape: Shape,
  options?: TableOptions<z.output<z.ZodObject<Shape>>>,
) {
  const row = z.object(shape);
  const schema = z.object({ [field]: z.union([z.array(row), row.transform((one) => [one])]) });
  const selection = `${field} { ${Object.keys(shape).join(' ')} }`;
  return async (reading: Reading): Promise<LoadedTable> => {
    const { server, isServerRequired } = reading;
    if (server === null) return { notes: [noServer], isUnknown: isServerRequired };
    try {
      const rows = (await queryServer(server, selection, schema))[field] ?? [];
      const loaded = await table(field, async () => rows, options)(reading);
      return { ...loaded, notes: ['The counters are those of the process that answered.'] };
    } catch (error) {
      if (error instanceof NotReachable) return { notes: [error.message], isUnknown: true };
      throw error;
    }
  };
}

/** Loads a view. */
export async function readSection(name: string, view: View, reading: Reading): Promise<Section> {
  const { title, analysis = [] } = view;
  const parts = await Promise.all(view.tables.map((load) => load(reading)));
  const note = (await view.note?.(reading)) ?? null;
  const analysed = analysis.length === 0 ? [] : await reading.queries.findings();
  return {
    view: name,
    title,
    tables: parts.flatMap(({ table: loaded }) => loaded ?? []),
    notes: [...new Set([...(note === null ? [] : [note]), ...parts.flatMap(({ notes = [] }) => notes)])],
    findings: [
      ...analysed.filter(({ kind }) => analysis.includes(kind)),
      ...parts.flatMap(({ findings = [] }) => findings),
    ],
    isUnknown: parts.some(({ isUnknown }) => isUnknown === true),
  };
}
