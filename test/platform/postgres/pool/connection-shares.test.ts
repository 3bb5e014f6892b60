import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectionShares } from '../../../../src/platform/postgres/pool/connection-shares.ts';
import type { WorkOwner } from '../../../../src/platform/runtime/work-owner.ts';

const ann: WorkOwner = { tenant: 'a', user: 'a:ann' };
const amy: WorkOwner = { tenant: 'a', user: 'a:amy' };
const bob: WorkOwner = { tenant: 'b', user: 'b:bob' };

let now = 0;
let held: { readonly owner: WorkOwner | null }[] = [];
const clock = { now: () => now };

beforeEach(() => {
  now = 1000;
  held = [];
});

function sharesOf(size: number): ConnectionShares {
  return new ConnectionShares(size, () => held, clock);
}

function hold(owner: WorkOwner | null, count: number): void {
  for (let index = 0; index < count; index += 1) held.push({ owner });
}

describe('the shares of connections', () => {
  it('leave all connections to a single user', () => {
    const shares = sharesOf(23);
    hold(ann, 22);
    shares.noteNeed(ann);

    expect(shares.mustLeave(ann, now)).toBe(false);
    expect(shares.userMayHold(ann)).toBe(true);
  });

  it('limit a tenant to half of the pool while another tenant waits', () => {
    const shares = sharesOf(10);
    hold(ann, 5);
    shares.noteNeed(bob);

    expect([shares.tenantMayHold(ann), shares.tenantMayHold(bob)]).toEqual([false, true]);
    expect([shares.mustLeave(ann, now), shares.mustLeave(bob, now)]).toEqual([true, false]);
    held.pop();
    expect(shares.tenantMayHold(ann)).toBe(true);
  });

  it('limit a user to 8 connections while another user of the tenant waits, and the tenant not at all', () => {
    const shares = sharesOf(23);
    hold(ann, 8);
    shares.noteNeed(amy);

    expect([shares.userMayHold(ann), shares.userMayHold(amy)]).toEqual([false, true]);
    hold(amy, 7);
    expect([shares.tenantMayHold(ann), shares.mustLeave(amy, now)]).toEqual([true, false]);
  });

  it('are limited until a second has passed in which no other needed a connection', () => {
    const shares = sharesOf(10);
    hold(ann, 5);
    shares.noteNeed(bob);
    now += 900;
    expect(shares.mustLeave(bob, now)).toBe(false);
    now += 900;
    expect(shares.mustLeave(ann, now)).toBe(true);
    now += 1000;
    expect(shares.mustLeave(ann, now)).toBe(false);
  });

  it('leave the slow users of a tenant an eighth of the pool while others use it, waiting or not', () => {
    const shares = sharesOf(16);
    for (let index = 0; index < 3; index += 1) shares.noteUse(ann, 300);
    hold(ann, 3);

    expect(shares.mustLeave(ann, now)).toBe(false);
    expect(shares.mustLeave(bob, now)).toBe(false);
    expect([shares.mustLeave(ann, now), shares.userMayHold(ann)]).toEqual([true, false]);
    held.splice(0, 2);
    expect(shares.mustLeave(ann, now)).toBe(false);
    held.push({ owner: ann });
    for (let index = 0; index < 20; index += 1) shares.noteUse(ann, 1);
    expect(shares.mustLeave(ann, now)).toBe(false);
  });

  it("do not count the server's own work", () => {
    const shares = sharesOf(4);
    hold(ann, 3);
    hold(null, 1);
    shares.noteNeed(null);

    expect([shares.mustLeave(ann, now), shares.mustLeave(null, now)]).toEqual([false, false]);
  });

  it('of a pool of one connection are that connection', () => {
    const shares = sharesOf(1);
    hold(ann, 1);
    shares.noteNeed(bob);
    held.pop();

    expect([shares.mustLeave(ann, now), shares.mustLeave(bob, now)]).toEqual([false, false]);
  });
});
