/** A table with its rows as data, for JSON, and as cells, for text. */
export interface Table {
  readonly name: string;
  readonly rows: readonly object[];
  readonly titles: readonly string[];
  readonly cells: readonly (readonly Cell[])[];
}

/** A formatted value. */
interface Cell {
  readonly text: string;
  /** True for a number, which is aligned right. */
  readonly isNumber: boolean;
  readonly level: Level;
}

/** The level of a value that is worth a look, or too high. */
export type Level = 'elevated' | 'critical' | null;

/** The appearance of a table beyond the names and values of its rows. */
export interface Appearance<Row> {
  readonly hidden?: readonly (keyof Row)[];
  /** Values by field: the first elevated and the first critical one, or a function of the row. */
  readonly levels?: { readonly [Key in keyof Row]?: Thresholds | ((row: Row) => Level) };
}

type Thresholds = readonly [elevated: number, critical: number];

/**
 * Formats rows as a table with a column per field. The name of a field gives the title and the unit; the text
 * of a statement is the last column.
 */
export function tableOf<Row extends object>(
  name: string,
  rows: readonly Row[],
  { hidden = [], levels = {} }: Appearance<Row>,
): Table {
  const fields = Object.keys(rows[0] ?? {}).filter((field) => !hidden.some((each) => each === field));
  const ordered = fields.toSorted((one, another) => Number(one === 'query') - Number(another === 'query'));
  const levelFunctions = new Map<string, Thresholds | ((row: Row) => Level)>(Object.entries(levels));
  const cellOf = (row: Row, field: string): Cell => {
    const value: unknown = Reflect.get(row, field);
    const level = levelFunctions.get(field);
    return {
      text: format(field, value),
      isNumber: typeof value === 'number',
      level: typeof level === 'function' ? level(row) : levelOf(value, level),
    };
  };
  return {
    name,
    rows,
    titles: ordered.map(titleOf),
    cells: rows.map((row) => ordered.map((field) => cellOf(row, field))),
  };
}

/** Returns the level of a number; where the critical value is the lower one, low numbers are critical. */
export function levelOf(value: unknown, thresholds: Thresholds | undefined): Level {
  if (typeof value !== 'number' || thresholds === undefined) return null;
  const [elevated, critical] = thresholds;
  const sign = critical < elevated ? -1 : 1;
  if (value * sign >= critical * sign) return 'critical';
  return value * sign >= elevated * sign ? 'elevated' : null;
}

/** Formats a value by the unit at the end of its field's name. */
export function format(field: string, value: unknown): string {
  if (value instanceof Date) return value.toISOString().slice(0, 16).replace('T', ' ');
  if (Array.isArray(value)) return value.join(', ');
  if (value === null) return field.endsWith('At') ? 'never' : '';
  if (typeof value === 'boolean') return value ? 'yes' : '';
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (field.endsWith('Bytes')) return bytes(value);
  if (field.endsWith('Seconds')) return seconds(value);
  if (/rate$|reduction$/i.test(field)) return percent(value);
  return count(value, value < 1 ? 3 : 1);
}

/** Formats a number; decimals are shown below 100 only. */
export function count(value: number, decimals = 0): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? decimals : 0 });
}

/** Formats a share of 1 as a percentage. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Formats a duration in seconds, minutes or hours. */
export function seconds(value: number): string {
  if (value < 120) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  return value < 7200 ? `${count(value / 60)} min` : `${count(value / 3600)} h`;
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(value, 1)) / 10));
  const amount = value / 1024 ** power;
  return `${amount.toFixed(power === 0 || amount >= 100 ? 0 : 1)} ${units[power] ?? ''}`;
}

function titleOf(field: string): string {
  const words = field.replaceAll(/[A-Z]|\d+/g, (part) => ` ${part.toLowerCase()}`);
  return words.replace(/ (bytes|seconds|at)$/, '').replace(/^is /, '');
}
