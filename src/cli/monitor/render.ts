import { stripVTControlCharacters, styleText } from 'node:util';
import CliTable from 'cli-table3';
import type { Finding } from '../../domains/statistics/model.ts';
import type { Table } from './table.ts';
import type { Section } from './view.ts';

/** The appearance of the text. */
export interface Rendering {
  readonly isColoured: boolean;
  /** The width of the terminal, which truncates the last column; null without a terminal. */
  readonly width: number | null;
}

const colours = { elevated: 'yellow', critical: 'red' } as const;
// No borders, and two spaces between columns.
const lines = ['top', 'bottom', 'left', 'right'].flatMap((side) => [
  side,
  `${side}-mid`,
  `${side}-left`,
  `${side}-right`,
]);
const chars = {
  ...Object.fromEntries([...lines, 'mid', 'mid-mid'].map((name) => [name, ''])),
  middle: '  ',
};

/** Renders sections and a summary as text. */
export function render(sections: readonly Section[], rendering: Rendering): string {
  const { isColoured } = rendering;
  const paint = (text: string, style: Parameters<typeof styleText>[0]) =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;

  function renderSection({ title, tables, findings, notes }: Section): string {
    return [
      paint(title, 'bold'),
      ...tables.map(renderTable),
      ...findings.map((finding, index) => renderFinding(finding, findings[index + 1])),
      ...notes.map((note) => paint(`· ${note}`, 'dim')),
    ].join('\n');
  }

  function renderTable(table: Table): string {
    if (table.cells.length === 0) return paint(`(no ${table.name})`, 'dim');
    const text = layOut(table, null);
    const excess = widthOf(text) - (rendering.width ?? Infinity);
    if (excess <= 0) return text;
    const last = Math.max(...table.cells.map((row) => row.at(-1)?.text.length ?? 0));
    return layOut(table, Math.max(20, last - excess));
  }

  function layOut({ titles, cells }: Table, lastWidth: number | null): string {
    const table = new CliTable({
      chars,
      style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
      head: titles.map((title) => paint(title, 'dim')),
      colAligns: cells[0]?.map(({ isNumber }) => (isNumber ? 'right' : 'left')) ?? [],
      colWidths: titles.map((_, column) => (column === titles.length - 1 ? lastWidth : null)),
    });
    table.push(
      ...cells.map((row) =>
        row.map(({ text, level }) => (level === null ? text : paint(text, colours[level]))),
      ),
    );
    return table.toString().replaceAll(/ +$/gm, '');
  }

  /** Renders the advice only after the last of several findings that share the advice. */
  function renderFinding(finding: Finding, next: Finding | undefined): string {
    const { kind, subject, finding: text, advice } = finding;
    const [mark, colour] = isWarning(finding) ? (['!', 'red'] as const) : (['·', 'yellow'] as const);
    // The table above shows a statement as a whole.
    const short = subject.length > 80 ? `${subject.slice(0, 79)}…` : subject;
    const head = paint(`${mark} ${kind}: ${short}: ${text}`, colour);
    return next?.advice === advice ? head : `${head}\n    ${advice}`;
  }

  function renderSummary(): string {
    const warnings = sections.flatMap(({ findings }) => findings.filter(isWarning)).length;
    const unknown = sections.filter(({ isUnknown }) => isUnknown).map(({ view }) => view);
    if (warnings === 0 && unknown.length === 0) return paint('No action needed.', 'green');
    const unavailable = unknown.length > 0 ? [`Not available: ${unknown.join(', ')}.`] : [];
    const plural = warnings === 1 ? 'warning' : 'warnings';
    const needed = warnings > 0 ? [`Action needed: ${warnings} ${plural}.`] : [];
    return paint([...unavailable, ...needed].join(' '), 'red');
  }

  return `${[...sections.map(renderSection), renderSummary()].join('\n\n')}\n`;
}

/** Returns true for a finding that requires action. */
export function isWarning({ severity }: Finding): boolean {
  return severity === 'warning';
}

function widthOf(text: string): number {
  return Math.max(...text.split('\n').map((line) => stripVTControlCharacters(line).length));
}
