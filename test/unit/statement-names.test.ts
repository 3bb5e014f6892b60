import { describe, expect, it } from 'vitest';
import { createStatementNames } from '../../src/platform/database/statement-names.ts';

describe('statement names', () => {
  it('are the same for the same text in every process, and differ otherwise', () => {
    const [one, another] = [createStatementNames('parley', 10), createStatementNames('parley', 10)];

    expect(one('select 1')).toMatch(/^parley_[\w-]{22}$/);
    expect(another('select 1')).toBe(one('select 1'));
    expect(one('select 2')).not.toBe(one('select 1'));
  });

  it('are not given beyond the limit, so that made-up texts cannot fill the server', () => {
    const nameOf = createStatementNames('parley', 2);
    const [first, second] = [nameOf('select 1'), nameOf('select 2')];

    expect(nameOf('select 3')).toBe('');
    expect([nameOf('select 1'), nameOf('select 2')]).toEqual([first, second]);
  });
});
