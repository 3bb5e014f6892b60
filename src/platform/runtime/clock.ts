/** The current time; passed in wherever time matters, so that a test can control it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The system's clock. */
export const systemClock: Clock = { now: Date.now };
