/** 2000-01-01, the beginning of PostgreSQL's count, in milliseconds since 1970-01-01. */
const postgresEpochMs = 946_684_800_000;
const upperUnit = 2 ** 32;
/**
 * A number holds each microsecond exactly while the upper half of the count is below: within 140 years of
 * 2000.
 */
const exactUpperMax = 2 ** 20;
const infinity = 2n ** 63n - 1n;
const minusInfinity = -(2n ** 63n);

/**
 * Decodes a binary timestamptz, a count of microseconds, to the value that pg decodes from its text: a Date,
 * rounded down to the millisecond, or plus or minus Infinity.
 */
export function timestampFromBinary(bytes: Buffer, start: number): Date | number {
  const upper = bytes.readInt32BE(start);
  if (upper < exactUpperMax && upper >= -exactUpperMax) {
    const microseconds = upper * upperUnit + bytes.readUInt32BE(start + 4);
    return new Date(postgresEpochMs + Math.floor(microseconds / 1000));
  }
  const microseconds = bytes.readBigInt64BE(start);
  if (microseconds === infinity) return Infinity;
  if (microseconds === minusInfinity) return -Infinity;
  const milliseconds = microseconds / 1000n - (microseconds % 1000n < 0n ? 1n : 0n);
  return new Date(postgresEpochMs + Number(milliseconds));
}
