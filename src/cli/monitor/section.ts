import type { Finding } from '../../domains/statistics/model.ts';

/** What `parley monitor` can show, in the order of `all`. */
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

/** How bad a number is; most are not. */
export type Level = 'worse' | 'bad' | null;

/** One thing to look at. */
export interface Section {
  readonly view: View;
  readonly title: string;
  readonly tables: readonly Table[];
  /** What could not be told, and why. */
  readonly notes: readonly string[];
  /** Warnings need a person. */
  readonly findings: readonly Finding[];
  /** Whether there was nothing to look at, so that nothing is known to be well. */
  readonly isUnknown?: boolean;
}

/** Rows twice: as they are, for programs, and as text. */
export interface Table {
  readonly name: string;
  readonly rows: readonly object[];
  readonly titles: readonly string[];
  readonly isNumber: readonly boolean[];
  readonly cells: readonly (readonly Cell[])[];
}

interface Cell {
  readonly text: string;
  readonly level: Level;
}

/** How a row is shown in one place. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** To be shown to the right. */
  readonly isNumber?: boolean;
  readonly level?: (row: Row) => Level;
}

export function tableOf<Row extends object>(
  name: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): Table {
  return {
    name,
    rows,
    titles: columns.map(({ title }) => title),
    isNumber: columns.map(({ isNumber = false }) => isNumber),
    cells: rows.map((row) =>
      columns.map(({ text, level }) => ({ text: text(row), level: level?.(row) ?? null })),
    ),
  };
}

/** A number of things, with commas. */
export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function milliseconds(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** In the largest unit of which there is one, in powers of 1024. */
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

/** To the minute, in UTC. */
export function moment(time: Date | null): string {
  return time === null ? 'never' : time.toISOString().slice(0, 16).replace('T', ' ');
}

/** A level by two thresholds, which are the first values that are worse and bad. */
export function above(value: number, worse: number, bad: number): Level {
  if (value >= bad) return 'bad';
  return value >= worse ? 'worse' : null;
}
