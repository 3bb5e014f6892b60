import { describe, expect, it } from 'vitest';
import { connectionsSection } from '../../../src/cli/monitor/database-sections.ts';
import { render } from '../../../src/cli/monitor/render.ts';
import {
  bytes,
  levelOf,
  moment,
  quantity,
  seconds,
  tableOf,
  type Section,
} from '../../../src/cli/monitor/section.ts';

const plain = { isColoured: false, width: null };

const section: Section = {
  view: 'slow',
  title: 'Statements',
  tables: [
    tableOf(
      'statements',
      [
        { ms: 5, text: 'select 1' },
        { ms: 1200, text: 'select a long list of columns' },
      ],
      {
        ms: ({ ms }) => quantity(String(ms), levelOf(ms, 100, 1000)),
        statement: ({ text }) => text,
      },
    ),
  ],
  notes: ['Not all are counted.'],
  findings: [],
};
const warning = {
  kind: 'slow',
  severity: 'warning',
  subject: 'one',
  finding: '1200 ms',
  advice: 'Mend it.',
} as const;

describe('the text of monitor', () => {
  it('aligns numbers right and text left', () => {
    expect(render([section], plain)).toBe(
      [
        'Statements',
        '  ms  statement',
        '   5  select 1',
        '1200  select a long list of columns',
        '· Not all are counted.',
        '',
        'No action needed.',
        '',
      ].join('\n'),
    );
  });

  it('truncates the last column at the width of the terminal', () => {
    const lines = render([section], { ...plain, width: 26 }).split('\n');

    expect(lines[3]).toBe('1200  select a long list …');
    expect(lines[3]).toHaveLength(26);
  });

  it('colours critical numbers only', () => {
    const text = render([section], { ...plain, isColoured: true });

    expect(text).toContain('\u001B[31m1200\u001B[39m');
    expect(text).toContain('   5  select 1');
    expect(render([section], plain)).not.toContain('\u001B');
  });

  it('counts the warnings, and shows an advice once for consecutive findings', () => {
    const findings = [warning, { ...warning, subject: 'two' }, { ...warning, severity: 'note' } as const];
    const text = render([{ ...section, findings }], plain);

    expect(text).toContain('! slow: one: 1200 ms\n! slow: two: 1200 ms\n· slow: one: 1200 ms\n    Mend it.');
    expect(text).toContain('Action needed: 2 warnings.');
  });

  it('names a view that could not be read as not available', () => {
    expect(render([{ ...section, isUnknown: true }], plain)).toContain('Not available: slow.\n');
  });

  it.each([
    [bytes(0), '0 B'],
    [bytes(1023), '1023 B'],
    [bytes(8192), '8.0 kB'],
    [bytes(342_663_168), '327 MB'],
    [seconds(0.04), '0.0 s'],
    [seconds(119), '119 s'],
    [seconds(3600), '60 min'],
    [seconds(86_400), '24 h'],
    [moment(null), 'never'],
    [moment(new Date('2026-11-20T08:15:59.999Z')), '2026-11-20 08:15'],
  ])('formats quantities for people: %s', (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('the view of connections', () => {
  const idle = {
    connectionsMax: 100,
    connections: 10,
    longestTransactionSeconds: 0,
    longestIdleInTransactionSeconds: 0,
    groups: [],
    blocked: [],
  };
  const blocked = (waitingSeconds: number) => [
    { processId: 1, blockedBy: [2], waitingSeconds, query: 'select' },
  ];
  const subjectsFor = async (changes: object) => {
    const queries = { connections: async () => ({ ...idle, ...changes }) };
    const { findings = [] } = await connectionsSection({ queries });
    return findings.map(({ subject }) => subject);
  };

  it.each([
    [{ connections: 79 }, []],
    [{ connections: 80 }, ['connections']],
    [{ longestIdleInTransactionSeconds: 59 }, []],
    [{ longestIdleInTransactionSeconds: 60 }, ['idle in transaction']],
    [{ longestTransactionSeconds: 299 }, []],
    [{ longestTransactionSeconds: 300 }, ['long transaction']],
    [{ blocked: blocked(9) }, []],
    [{ blocked: blocked(10) }, ['locks']],
  ])('have a warning from a threshold on: %j', async (changes, subjects) => {
    expect(await subjectsFor(changes)).toEqual(subjects);
  });
});
