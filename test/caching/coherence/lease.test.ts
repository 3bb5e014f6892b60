import { expect, it } from 'vitest';
import { Lease } from '../../../src/caching/coherence/lease.ts';

function leaseOf(leaseMs: number) {
  const present = { steadyMs: 1000, wallMs: 5000 };
  return { present, lease: new Lease({ leaseMs }, () => ({ ...present })) };
}

it('lease: not valid before the first heartbeat returned', () => {
  expect(leaseOf(100).lease.isRunning).toBe(false);
});

it('lease: valid from the sending of the heartbeat, not from its return', () => {
  const { lease, present } = leaseOf(100);
  const sentAt = { ...present };
  present.steadyMs += 60;
  present.wallMs += 60;
  lease.renew(sentAt);
  expect(lease.isRunning).toBe(true);
  present.steadyMs += 40;

  expect(lease.isRunning).toBe(false);
});

it('lease: expired after the machine slept, in which only one clock advances', () => {
  const { lease, present } = leaseOf(100);
  lease.renew({ ...present });
  present.wallMs += 100;

  expect(lease.isRunning).toBe(false);
});

it('lease: not extended when the wall clock is set back', () => {
  const { lease, present } = leaseOf(100);
  lease.renew({ ...present });
  present.wallMs -= 3_600_000;
  present.steadyMs += 99;
  expect(lease.isRunning).toBe(true);
  present.steadyMs += 1;

  expect(lease.isRunning).toBe(false);
});
