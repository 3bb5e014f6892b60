import { expect, vi } from 'vitest';
import type { LeaseTimes } from '../../src/caching/coherence/lease.ts';
import type { Coherence, Invalidation } from '../../src/caching/coherence/coherence.ts';
import { PostgresCoherence } from '../../src/caching/coherence/postgres-coherence.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import type { CleanUps } from './embedded.ts';

/** The invalidations that a process received, in order; null if it may have missed some. */
export type Told = readonly Invalidation[] | null;

/** Starts one process's coherence, without waiting for it. */
export function startCoherence(
  cleanUps: CleanUps,
  url: string,
  times: Partial<LeaseTimes> = {},
): { readonly coherence: PostgresCoherence; readonly told: Told[] } {
  const coherence = new PostgresCoherence({ url, times, logger: createLogger({ level: 'silent' }) });
  const told: Told[] = [];
  coherence.subscribe({
    invalidated: (invalidations) => void told.push(invalidations),
    onGap: () => void told.push(null),
  });
  coherence.start();
  cleanUps.add(() => coherence.stop());
  return { coherence, told };
}

/** Starts one that listens and is trusted. */
export async function joinCoherence(
  cleanUps: CleanUps,
  url: string,
  times: Partial<LeaseTimes> = {},
): Promise<{ readonly coherence: PostgresCoherence; readonly told: Told[] }> {
  const process = startCoherence(cleanUps, url, times);
  await untilTrusted(process.coherence);
  process.told.splice(0);
  return process;
}

export async function untilTrusted(coherence: Coherence): Promise<void> {
  await vi.waitFor(() => expect(coherence.isTrusted).toBe(true), { timeout: 10_000, interval: 1 });
}

/** Waits until it has come back from the loss of its connection for the first time. */
export async function untilRejoined(coherence: PostgresCoherence): Promise<void> {
  await vi.waitFor(() => expect(coherence.counts.joined).toBe(2), { timeout: 10_000, interval: 1 });
}
