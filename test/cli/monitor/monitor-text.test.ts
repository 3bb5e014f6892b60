import { describe, expect, it } from 'vitest';
import { render } from '../../../src/cli/monitor/render.ts';
import { format, levelOf, tableOf } from '../../../src/cli/monitor/table.ts';
import { readSection, type Section } from '../../../src/cli/monitor/view.ts';
import { views } from '../../../src/cli/monitor/views.ts';
import { emptyReading } from '../../support/empty-reading.ts';

const plain = { isColoured: false, width: null };

const section: Section = {
  view: 'slow',
  title: 'Statements',
  tables: [
    tableOf(
      'statements',
      [
        { query: 'select 1', isSlow: false, maxMs: 5 },
        { query: 'select a long list of columns', isSlow: true, maxMs: 1200 },
      ],
      { hidden: ['isSlow'], levels: { maxMs: [100, 1000] } },
    ),
  ],
  notes: ['Not all are counted.'],
  findings: [],
  isUnknown: false,
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
        'max ms  query',
        '     5  select 1',
        ' 1,200  select a long list of columns',
        '· Not all are counted.',
        '',
        'No action needed.',
        '',
      ].join('\n'),
    );
  });

  it('truncates the last column at the width of the terminal', () => {
    const lines = render([section], { ...plain, width: 30 }).split('\n');

    expect(lines[3]).toBe(' 1,200  select a long list of…');
    expect(lines[3]).toHaveLength(30);
  });

  it('colours critical numbers only', () => {
    const text = render([section], { ...plain, isColoured: true });

    expect(text).toContain('\u001B[31m1,200\u001B[39m');
    expect(text).toContain('     5  select 1');
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
    ['sizeBytes', 0, '0 B'],
    ['sizeBytes', 1023, '1023 B'],
    ['sizeBytes', 8192, '8.0 kB'],
    ['sizeBytes', 342_663_168, '327 MB'],
    ['waitingSeconds', 0.04, '0.0 s'],
    ['waitingSeconds', 119, '119 s'],
    ['waitingSeconds', 3600, '60 min'],
    ['waitingSeconds', 86_400, '24 h'],
    ['cacheHitRate', 0.987, '98.7 %'],
    ['cacheHitRate', null, ''],
    ['meanMs', 0.0123, '0.012'],
    ['meanMs', 12.34, '12.3'],
    ['calls', 12_345, '12,345'],
    ['isUnique', true, 'yes'],
    ['blockedBy', [1, 2], '1, 2'],
    ['lastVacuumAt', null, 'never'],
    ['lastVacuumAt', new Date('2026-11-20T08:15:59.999Z'), '2026-11-20 08:15'],
  ])('formats %s by its unit: %s is %s', (field, value, expected) => {
    expect(format(field, value)).toBe(expected);
  });

  it('has levels from a threshold on, upwards and downwards', () => {
    expect([99, 100, 1000].map((value) => levelOf(value, [100, 1000]))).toEqual([
      null,
      'elevated',
      'critical',
    ]);
    expect([0.9, 0.8, 0.5].map((value) => levelOf(value, [0.8, 0.5]))).toEqual([
      null,
      'elevated',
      'critical',
    ]);
  });

  it('names an empty table', () => {
    expect(render([{ ...section, tables: [tableOf('blocked', [], {})] }], plain)).toContain('(no blocked)');
  });
});

describe('the view of connections', () => {
  const blocked = (waitingSeconds: number) => [
    { processId: 1, blockedBy: [2], waitingSeconds, query: 'select' },
  ];
  const subjectsFor = async (changes: object) => {
    const { findings } = await readSection('connections', views.connections, {
      ...emptyReading,
      queries: {
        ...emptyReading.queries,
        connections: async () => ({ ...(await emptyReading.queries.connections()), ...changes }),
      },
    });
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
