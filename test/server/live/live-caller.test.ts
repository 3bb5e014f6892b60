import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TokenExpired, Unavailable, type Refusal } from '../../../src/platform/errors.ts';
import { LiveCaller } from '../../../src/server/live/live-caller.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

interface Person {
  readonly name: string;
  readonly role: string;
}

const grace: Person = { name: 'Grace', role: 'MEMBER' };

/** A caller whose rights the test changes. */
function aCaller(options: { readonly expiresInMs?: number } = {}) {
  const state = { answer: async (): Promise<Person | null> => grace, areKnown: true };
  const ends: Refusal[] = [];
  const changes: (() => void)[] = [];
  const caller = new LiveCaller<Person>(
    grace,
    {},
    {
      authenticate: () => state.answer(),
      watchRights(_viewer, onChange) {
        changes.push(onChange);
        return () => changes.splice(0);
      },
      areRightsKnown: () => state.areKnown,
      hasSameRights: (one, other) => one.role === other.role,
      expiryOf: () => (options.expiresInMs === undefined ? null : Date.now() + options.expiresInMs),
    },
    (reason) => ends.push(reason),
  );
  return { caller, changes, ends, state };
}

describe('the caller of a live connection', () => {
  it('is confirmed immediately while nothing has changed', async () => {
    const { caller } = aCaller();

    await expect(caller.confirmed()).resolves.toBeUndefined();
  });

  it('is not confirmed after a change until the rights were read, and stays if they are the same', async () => {
    const { caller, changes, ends, state } = aCaller();
    let answer: (person: Person) => void = () => {};
    state.answer = () => new Promise((resolve) => (answer = resolve));
    changes[0]?.();
    let isConfirmed = false;
    const confirmed = caller.confirmed().then(() => (isConfirmed = true));
    await vi.advanceTimersByTimeAsync(1000);
    expect(isConfirmed).toBe(false);

    answer(grace);
    await confirmed;
    expect(ends).toEqual([]);
  });

  it.each([
    ['has another role', async () => ({ ...grace, role: 'GUEST' }), 'FORBIDDEN'],
    ['is no longer known', async () => null, 'FORBIDDEN'],
    [
      'has an expired credential',
      async () => {
        throw new TokenExpired();
      },
      'TOKEN_EXPIRED',
    ],
  ])('ends, and is never confirmed again, if the caller %s', async (_name, answer, code) => {
    const { caller, changes, ends, state } = aCaller();
    state.answer = answer;
    changes[0]?.();

    await expect(caller.confirmed()).rejects.toMatchObject({ code });
    expect(ends).toMatchObject([{ code }]);
    expect(changes).toEqual([]);
  });

  it('waits while the database cannot tell the rights', async () => {
    const { caller, changes, ends, state } = aCaller();
    state.answer = async () => {
      throw new Unavailable();
    };
    changes[0]?.();
    const confirmed = caller.confirmed();
    await vi.advanceTimersByTimeAsync(5000);
    state.answer = async () => grace;
    await vi.advanceTimersByTimeAsync(200);

    await confirmed;
    expect(ends).toEqual([]);
  });

  it('is not confirmed while changes may go unnoticed', async () => {
    const { caller, state } = aCaller();
    state.areKnown = false;
    let isConfirmed = false;
    const confirmed = caller.confirmed().then(() => (isConfirmed = true));
    await vi.advanceTimersByTimeAsync(1000);
    expect(isConfirmed).toBe(false);

    state.areKnown = true;
    await vi.advanceTimersByTimeAsync(200);
    await confirmed;
  });

  it('ends when the credential expires', async () => {
    const { ends } = aCaller({ expiresInMs: 60_000 });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(ends).toEqual([]);

    await vi.advanceTimersByTimeAsync(1000);
    expect(ends).toMatchObject([{ code: 'TOKEN_EXPIRED' }]);
  });

  it('ends within 30 s after its session has expired, which nothing announces', async () => {
    const { ends, state } = aCaller();
    state.answer = async () => {
      throw new TokenExpired();
    };
    await vi.advanceTimersByTimeAsync(30_000);

    expect(ends).toMatchObject([{ code: 'TOKEN_EXPIRED' }]);
  });
});
