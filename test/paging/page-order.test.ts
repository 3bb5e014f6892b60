import { describe, expect, it } from 'vitest';
import { sortsInProcess, sortInProcess } from '../../src/paging/page-order.ts';
import type { Ordering, OrderingType } from '../../src/paging/paged-list.ts';
import sql from 'sql-template-tag';

interface Row {
  readonly at: Date;
  readonly id: string;
}

const idAt = (number: number) => `0190f6a2-0000-7000-8000-${String(number).padStart(12, '0')}`;
const rowAt = (time: number, number: number): Row => ({ at: new Date(time), id: idAt(number) });

function orderingBy(direction: 'asc' | 'desc', type: OrderingType = 'timestamptz'): Ordering<Row> {
  return {
    name: 'a test',
    direction,
    columns: [
      { name: 'at', expression: sql`at`, type },
      { name: 'id', expression: sql`id`, type: 'uuid' },
    ],
  };
}

describe('the rows of a page', () => {
  const inOrder = [rowAt(-5, 9), rowAt(0, 1), rowAt(0, 2), rowAt(0, 10), rowAt(1_700_000_000_000, 3)];

  it.each([
    ['are in order', inOrder],
    ['come in reverse', inOrder.toReversed()],
    ['come in any order', [inOrder[3], inOrder[0], inOrder[4], inOrder[2], inOrder[1]]],
  ])('come out right when they %s', (_name, rows) => {
    const found = rows.flatMap((row) => row ?? []);
    const [rising, falling] = [[...found], [...found]];
    sortInProcess(rising, orderingBy('asc'));
    sortInProcess(falling, orderingBy('desc'));

    expect(rising).toEqual(inOrder);
    expect(falling).toEqual(inOrder.toReversed());
  });

  it('are sorted by PostgreSQL when ordered by text', () => {
    const types = ['timestamptz', 'integer', 'uuid', 'real', 'text'] as const;

    expect(types.filter((type) => sortsInProcess(orderingBy('asc', type)))).toEqual([
      'timestamptz',
      'integer',
      'uuid',
    ]);
  });
});
