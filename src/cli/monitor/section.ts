import type { Finding } from '../../domains/statistics/model.ts';

/** The views of `parley monitor`, in the order of `all`. */
export const views = [
  'slow',
  'connections',
  'cache',
  'auth',
  'indexes',
  'tables',
  'activity',
  'cleanup',
] as const;

export type View = (typeof views)[number];

/** The result of one view. */
export interface Section {
  readonly view: View;
  readonly title: string;
  readonly tables: readonly Table[];
  /** Limitations of the section, such as missing permissions. */
  readonly notes?: readonly string[];
  /** Warnings require action. */
  readonly findings?: readonly Finding[];
  /** True if the source of the section could not be reached. */
  readonly isUnknown?: boolean;
}

/** A table with its rows as data, for JSON, and as cells, for text. */
export interface Table {
  readonly name: string;
  readonly rows: readonly object[];
  readonly titles: readonly string[];
  readonly cells: readonly (readonly Cell[])[];
}

/** A text, which is aligned left, or a quantity, which is aligned right. */
export type Cell = string | Quantity;

/** A formatted number, and its level if it is too high. */
export interface Quantity {
  readonly text: string;
  readonly level: Level;
}

export type Level = 'elevated' | 'critical' | null;

/** Formats rows as a table; numbers are formatted by `count`. */
export function tableOf<Row extends object>(
  name: string,
  rows: readonly Row[],
  columns: Readonly<Record<string, (row: Row) => Cell | number>>,
): Table {
  const cellsOf = (row: Row) =>
    Object.values(columns).map((column) => {
      const cell = column(row);
      return typeof cell === 'number' ? quantity(count(cell)) : cell;
    });
  return { name, rows, titles: Object.keys(columns), cells: rows.map(cellsOf) };
}

export function quantity(text: string, level: Level = null): Quantity {
  return { text, level };
}

/** Returns the level of a value by the lowest elevated and the lowest critical value. */
export function levelOf(value: number, elevated: number, critical: number): Level {
  if (value >= critical) return 'critical';
  return value >= elevated ? 'elevated' : null;
}

export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function milliseconds(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** Formats a size in the largest fitting unit, in powers of 1024. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(value, 1)) / 10));
  const amount = value / 1024 ** power;
  return `${amount.toFixed(power === 0 || amount >= 100 ? 0 : 1)} ${units[power] ?? ''}`;
}

export function seconds(value: number): string {
  if (value < 120) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  return value < 7200 ? `${count(value / 60)} min` : `${count(value / 3600)} h`;
}

/** Formats a time to the minute, in UTC. */
export function moment(time: Date | null): string {
  return time === null ? 'never' : time.toISOString().slice(0, 16).replace('T', ' ');
}
