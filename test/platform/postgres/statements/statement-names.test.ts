import { describe, expect, it } from 'vitest';
import { createStatementNames } from '../../../../src/platform/postgres/statements/statement-names.ts';
import { TestClock } from '../../../support/clock.ts';

/** Names of at most `limit` texts, which are given anew each minute. */
function named(limit: number) {
  const clock = new TestClock(0);
  const nameOf = createStatementNames({ prefix: 'parley', limit, periodMs: 60_000, now: () => clock.now() });
  const again = (text: string) => {
    nameOf(text);
    return nameOf(text);
  };
  return { again, clock, nameOf };
}

describe('statement names', () => {
  it('are equal for equal texts in every process, and differ otherwise', () => {
    const [one, another] = [named(10), named(10)];

    expect(one.again('select 1')).toMatch(/^parley_[\w-]{22}$/);
    expect(another.again('select 1')).toBe(one.nameOf('select 1'));
    expect(one.again('select 2')).not.toBe(one.nameOf('select 1'));
  });

  it('are not given beyond the limit, so that made-up texts cannot fill the server', () => {
    const { again, nameOf } = named(2);
    const [first, second] = [again('select 1'), again('select 2')];

    expect(again('select 3')).toBe('');
    expect([nameOf('select 1'), nameOf('select 2')]).toEqual([first, second]);
  });

  it('are given to repeated texts, however many are used once', () => {
    const { again, nameOf } = named(2);
    for (let index = 0; index < 1000; index += 1) expect(nameOf(`select ${index} as once`)).toBe('');

    expect(again('select 1')).not.toBe('');
  });

  it('are reassigned after a while, so that formerly frequent texts lose their place', () => {
    const { again, clock, nameOf } = named(1);
    const before = again('select 1');
    expect(again('select 2')).toBe('');
    clock.advance(60_000);

    expect(again('select 2')).not.toBe('');
    expect(nameOf('select 1')).toBe('');
    clock.advance(60_000);
    expect(again('select 1')).toBe(before);
  });
});
