import { describe, expect, it } from 'vitest';
import { FairQueue, type Shares } from '../../../../src/platform/postgres/pool/fair-queue.ts';
import type { WorkOwner } from '../../../../src/platform/runtime/work-owner.ts';

interface Work {
  readonly owner: WorkOwner | null;
  readonly workSince: number;
  readonly name: string;
}

const unlimited: Shares = { tenantMayHold: () => true, userMayHold: () => true };

/** Work of a user, written `tenant/user` or `@address`; '' is the server itself. */
function work(by: string, name: string, workSince = 0): Work {
  const [tenant = '', user = ''] = by.split('/');
  if (by === '') return { owner: null, workSince, name };
  return {
    owner: by.startsWith('@') ? { address: by } : { tenant, user: `${tenant}:${user}` },
    workSince,
    name,
  };
}

function queueOf(...entries: readonly Work[]): FairQueue<Work> {
  const queue = new FairQueue<Work>();
  for (const entry of entries) queue.join(entry);
  return queue;
}

/** Takes entries until none may be served; returns their names. */
function served(queue: FairQueue<Work>, shares = unlimited): string[] {
  const names: string[] = [];
  for (let next = queue.next(shares); next !== undefined; next = queue.next(shares)) names.push(next.name);
  return names;
}

describe('the fair queue', () => {
  it('serves tenants in turn, however much one of them queues', () => {
    const many = ['a1', 'a2', 'a3', 'a4'].map((name) => work('a/x', name));
    const queue = queueOf(...many, work('b/y', 'b1'), work('c/z', 'c1'), work('b/y', 'b2'));

    expect(served(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
    expect(queue.length).toBe(0);
  });

  it('serves the users of a tenant in turn, each with the oldest work first', () => {
    const queue = queueOf(
      work('a/x', 'x younger', 2),
      work('a/x', 'x older', 1),
      work('a/x', 'x youngest', 3),
      work('a/y', 'y', 9),
    );

    expect(served(queue)).toEqual(['x older', 'y', 'x younger', 'x youngest']);
  });

  it('takes all anonymous callers for one tenant, served by address in turn', () => {
    const addresses = ['@1', '@1', '@2', '@3'].map((by, index) => work(by, `${by} ${index}`));
    const queue = queueOf(...addresses, work('a/x', 'a1'), work('a/x', 'a2'));

    expect(served(queue)).toEqual(['@1 0', 'a1', '@2 2', 'a2', '@3 3', '@1 1']);
  });

  it("gives the server's own work every other turn", () => {
    const queue = queueOf(
      ...['a1', 'a2', 'a3'].map((name) => work('a/x', name)),
      ...['own1', 'own2'].map((name) => work('', name)),
    );

    expect(served(queue)).toEqual(['own1', 'a1', 'own2', 'a2', 'a3']);
  });

  it('passes over tenants and users whose share is used up, without losing their entries', () => {
    const queue = queueOf(work('a/x', 'a1'), work('b/y', 'y'), work('b/z', 'z'), work('', 'own'));
    const shares: Shares = {
      tenantMayHold: ({ tenant }) => tenant !== 'a',
      userMayHold: ({ user }) => user !== 'b:y',
    };

    expect(served(queue, shares)).toEqual(['own', 'z']);
    expect(queue.length).toBe(2);
    expect(served(queue).toSorted()).toEqual(['a1', 'y']);
  });

  it('drops the youngest entry of the user who queues most in the tenant that queues most', () => {
    const queue = queueOf(
      work('a/x', 'x1', 1),
      work('a/x', 'x2', 2),
      work('a/y', 'y1'),
      work('b/z', 'z1'),
      work('b/z', 'z2'),
    );

    expect(queue.dropLast()?.name).toBe('x2');
    expect(queue.length).toBe(4);
    expect(served(queue)).toEqual(['x1', 'z1', 'y1', 'z2']);
  });

  it('takes out the entries that meet a condition, and keeps the turns of the others', () => {
    const queue = queueOf(
      work('a/x', 'a1', 1),
      work('a/x', 'a2', 2),
      work('b/y', 'b1', 1),
      work('b/y', 'b2', 2),
    );

    expect(queue.take(({ workSince }) => workSince === 1).map(({ name }) => name)).toEqual(['a1', 'b1']);
    expect(served(queue)).toEqual(['a2', 'b2']);
  });

  it('picks in constant time from ten thousand callers', () => {
    const queue = new FairQueue<Work>();
    for (let index = 0; index < 10_000; index += 1) queue.join(work(`${index}/x`, String(index)));
    let asked = 0;
    const counting: Shares = { ...unlimited, tenantMayHold: () => (asked += 1) > 0 };
    for (let index = 0; index < 5000; index += 1) queue.next(counting);

    expect(asked).toBe(5000);
  });
});
