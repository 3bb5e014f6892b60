import { z } from 'zod';
import type { LiveLimits } from '../../server/http-config.ts';

const hour = 3600;
const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** The variables of live events. Times are in seconds. */
export const liveVariables = {
  LIVE_RETENTION: whole(7 * 24 * hour, hour, 365 * 24 * hour),
  LIVE_DRAIN: whole(10, 0, 600),
  LIVE_INIT_TIMEOUT: whole(3, 1, 60),
  LIVE_SOCKETS_PER_USER: whole(20, 1, 100_000),
  LIVE_SUBSCRIPTIONS_PER_SOCKET: whole(100, 1, 10_000),
} as const;

type Variables = z.output<z.ZodObject<typeof liveVariables>>;

/** Settings of live events; times in milliseconds. */
export interface LiveConfig {
  /** The time for which changes of messages are kept, and with them the validity of cursors. */
  readonly retentionMs: number;
}

/** Reads the settings of live events from the variables. */
export function liveFrom(values: Variables): LiveConfig {
  return Object.freeze({ retentionMs: values.LIVE_RETENTION * 1000 });
}

/** Reads the limits of live connections from the variables. */
export function liveLimitsFrom(values: Variables): LiveLimits {
  return Object.freeze({
    drainMs: values.LIVE_DRAIN * 1000,
    initTimeoutMs: values.LIVE_INIT_TIMEOUT * 1000,
    socketsPerUser: values.LIVE_SOCKETS_PER_USER,
    subscriptionsPerSocket: values.LIVE_SUBSCRIPTIONS_PER_SOCKET,
  });
}
