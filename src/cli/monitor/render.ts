import { stripVTControlCharacters, styleText } from 'node:util';
import CliTable from 'cli-table3';
import type { Finding } from '../../domains/statistics/model.ts';
import type { Cell, Section, Table } from './section.ts';

/** The appearance of the text. */
export interface Rendering {
  readonly isColoured: boolean;
  /** The width of the terminal, which truncates the last column; null without a terminal. */
  readonly width: number | null;
}

type Style = Parameters<typeof styleText>[0];

const styles = { elevated: 'yellow', critical: 'red' } as const;
/** A finding repeats only the beginning of a statement, which the table above shows as a whole. */
const subjectCharactersMax = 80;
const lastColumnWidthMin = 20;
// No borders, and two spaces between columns.
const sides = ['top', 'bottom', 'left', 'right'] as const;
const borders = sides.flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`]);
const chars = {
  ...Object.fromEntries([...borders, 'mid', 'mid-mid'].map((name) => [name, ''])),
  middle: '  ',
};
const style = { 'padding-left': 0, 'padding-right': 0, head: [], border: [] };

/** Renders sections and a summary as text. */
export function render(sections: readonly Section[], rendering: Rendering): string {
  return `${[...sections.map((section) => renderSection(section, rendering)), summaryOf(sections, rendering)].join('\n\n')}\n`;
}

/** Returns true for a finding that requires action. */
export function isWarning({ severity }: Finding): boolean {
  return severity === 'warning';
}

function summaryOf(sections: readonly Section[], rendering: Rendering): string {
  const warnings = sections.flatMap(({ findings = [] }) => findings.filter(isWarning)).length;
  const unknown = sections.filter(({ isUnknown }) => isUnknown === true).map(({ view }) => view);
  if (warnings === 0 && unknown.length === 0) return paint('No action needed.', 'green', rendering);
  const unavailable = unknown.length > 0 ? [`Not available: ${unknown.join(', ')}.`] : [];
  const needed =
    warnings > 0 ? [`Action needed: ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`] : [];
  return paint([...unavailable, ...needed].join(' '), 'red', rendering);
}

function renderSection({ title, tables, findings = [], notes = [] }: Section, rendering: Rendering): string {
  return [
    paint(title, 'bold', rendering),
    ...tables.map((table) => renderTable(table, rendering)),
    ...findings.map((finding, index) => renderFinding(finding, findings[index + 1], rendering)),
    ...notes.map((note) => paint(`· ${note}`, 'dim', rendering)),
  ].join('\n');
}

function renderTable(table: Table, rendering: Rendering): string {
  const text = layOut(table, rendering, null);
  const longest = Math.max(...text.split('\n').map((line) => stripVTControlCharacters(line).length));
  const excess = longest - (rendering.width ?? Infinity);
  const last = table.cells.map((row) => textOf(row.at(-1) ?? '').length);
  return excess <= 0
    ? text
    : layOut(table, rendering, Math.max(lastColumnWidthMin, Math.max(...last) - excess));
}

function layOut({ titles, cells }: Table, rendering: Rendering, lastColumnWidth: number | null): string {
  const [first = []] = cells;
  const table = new CliTable({
    chars,
    style,
    head: titles.map((title) => paint(title, 'dim', rendering)),
    colAligns: titles.map((_, column) => (typeof first[column] === 'object' ? 'right' : 'left')),
    ...(lastColumnWidth !== null && {
      colWidths: titles.map((_, column) => (column === titles.length - 1 ? lastColumnWidth : null)),
    }),
  });
  table.push(...cells.map((row) => row.map((cell) => paintCell(cell, rendering))));
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return [...lines, ...(cells.length === 0 ? [paint('(none)', 'dim', rendering)] : [])].join('\n');
}

function paintCell(cell: Cell, rendering: Rendering): string {
  if (typeof cell === 'string' || cell.level === null) return textOf(cell);
  return paint(cell.text, styles[cell.level], rendering);
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

/** Renders the advice only after the last of several findings that share the advice. */
function renderFinding(finding: Finding, next: Finding | undefined, rendering: Rendering): string {
  const { kind, subject, finding: text, advice } = finding;
  const short =
    subject.length > subjectCharactersMax ? `${subject.slice(0, subjectCharactersMax - 1)}…` : subject;
  const [mark, colour] = isWarning(finding) ? (['!', 'red'] as const) : (['·', 'yellow'] as const);
  const head = paint(`${mark} ${kind}: ${short}: ${text}`, colour, rendering);
  return next?.advice === advice ? head : `${head}\n    ${advice}`;
}

function paint(text: string, textStyle: Style, { isColoured }: Rendering): string {
  return isColoured ? styleText(textStyle, text, { validateStream: false }) : text;
}
