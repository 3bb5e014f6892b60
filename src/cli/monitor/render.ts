import { styleText } from 'node:util';
import type { Finding } from '../../domains/statistics/model.ts';
import type { Level, Section, Table } from './section.ts';

/** How the text is to look. */
export interface Rendering {
  readonly isColoured: boolean;
  /** Lines of tables are cut off here; null where nobody looks at a screen. */
  readonly width: number | null;
}

type Style = Parameters<typeof styleText>[0];

const styles: Readonly<Record<Exclude<Level, null>, Style>> = { worse: 'yellow', bad: 'red' };
/** A statement is long, and stands in the table above as a whole. */
const subjectCharactersMax = 80;
const gap = '  ';

/** All sections as text for a person. */
export function render(sections: readonly Section[], rendering: Rendering): string {
  return `${sections.map((section) => renderSection(section, rendering)).join('\n\n')}\n\n${verdictOn(sections, rendering)}\n`;
}

function verdictOn(sections: readonly Section[], rendering: Rendering): string {
  const warnings = sections.flatMap(({ findings }) => findings.filter(isWarning)).length;
  const need = warnings === 1 ? '1 thing needs a person.' : `${warnings} things need a person.`;
  const unknown = sections.filter(({ isUnknown }) => isUnknown === true).map(({ view }) => view);
  if (unknown.length > 0) {
    const said = `Could not look at: ${unknown.join(', ')}.`;
    return paint(warnings === 0 ? said : `${said} ${need}`, 'red', rendering);
  }
  return warnings === 0
    ? paint('Nothing needs a person.', 'green', rendering)
    : paint(need, 'red', rendering);
}

/** Whether a finding needs a person. */
export function isWarning({ severity }: Finding): boolean {
  return severity === 'warning';
}

function renderSection({ title, tables, findings, notes }: Section, rendering: Rendering): string {
  return [
    paint(title, 'bold', rendering),
    ...tables.map((table) => renderTable(table, rendering)),
    ...findings.map((finding, index) => renderFinding(finding, findings[index + 1], rendering)),
    ...notes.map((note) => paint(`· ${note}`, 'dim', rendering)),
  ].join('\n');
}

function renderTable({ titles, isNumber, cells }: Table, rendering: Rendering): string {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  // Padded before it is painted, because colours are characters too.
  const place = (text: string, column: number): string => {
    const width = column === titles.length - 1 && isNumber[column] !== true ? 0 : (widths[column] ?? 0);
    const room = roomAt(column, widths, rendering.width);
    const padded = isNumber[column] === true ? text.padStart(width) : text.padEnd(width);
    return padded.length > room ? `${padded.slice(0, Math.max(0, room - 1))}…` : padded;
  };
  const head = titles.map((title, column) => paint(place(title, column), 'dim', rendering)).join(gap);
  const body = cells.map((row) =>
    row
      .map(({ text, level }, column) =>
        level === null ? place(text, column) : paint(place(text, column), styles[level], rendering),
      )
      .join(gap),
  );
  return [head, ...(body.length === 0 ? [paint('(none)', 'dim', rendering)] : body)].join('\n');
}

/** Only what comes last is cut off: everything before it has a known width. */
function roomAt(column: number, widths: readonly number[], width: number | null): number {
  if (width === null || column < widths.length - 1) return Infinity;
  const before = widths.slice(0, column).reduce((sum, each) => sum + each + gap.length, 0);
  return Math.max(20, width - before);
}

/** Of several findings in a row with the same advice, only the last tells it. */
function renderFinding(finding: Finding, next: Finding | undefined, rendering: Rendering): string {
  const subject =
    finding.subject.length > subjectCharactersMax
      ? `${finding.subject.slice(0, subjectCharactersMax - 1)}…`
      : finding.subject;
  const text = `${isWarning(finding) ? '!' : '·'} ${finding.kind}: ${subject}: ${finding.finding}`;
  const head = paint(text, isWarning(finding) ? 'red' : 'yellow', rendering);
  return next?.advice === finding.advice ? head : `${head}\n    ${finding.advice}`;
}

function paint(text: string, style: Style, { isColoured }: Rendering): string {
  return isColoured ? styleText(style, text, { validateStream: false }) : text;
}
