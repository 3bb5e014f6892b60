import { expect, it } from 'vitest';
import { Lease } from '../../../src/caching/coherence/lease.ts';

function leaseOf(leaseMs: number) {
  const present = { steadyMs: 1000, wallMs: 5000 };
  return { present, lease: new Lease({ leaseMs }, () => ({ ...present })) };
}

it('does not run before something was heard', () => {
  expect(leaseOf(100).lease.isRunning).toBe(false);
});

it('runs from the sending of what was heard, not from the hearing', () => {
  const { lease, present } = leaseOf(100);
  const sentAt = { ...present };
  present.steadyMs += 60;
  present.wallMs += 60;
  lease.renew(sentAt);
  expect(lease.isRunning).toBe(true);
  present.steadyMs += 40;

  expect(lease.isRunning).toBe(false);
});

it('has run out when the machine slept, in which only one clock goes on', () => {
  const { lease, present } = leaseOf(100);
  lease.renew({ ...present });
  present.wallMs += 100;

  expect(lease.isRunning).toBe(false);
});

it('runs no longer when the wall clock is set back', () => {
  const { lease, present } = leaseOf(100);
  lease.renew({ ...present });
  present.wallMs -= 3_600_000;
  present.steadyMs += 99;
  expect(lease.isRunning).toBe(true);
  present.steadyMs += 1;

  expect(lease.isRunning).toBe(false);
});
