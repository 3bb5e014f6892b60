/** 2000-01-01, from which PostgreSQL counts, in milliseconds since 1970-01-01. */
const postgresEpochMs = 946_684_800_000;
const upperUnit = 2 ** 32;
/** Of a count whose upper half is below, a number holds each microsecond: 140 years, to both sides. */
const exactUpperMax = 2 ** 20;
const forever = 2n ** 63n - 1n;
const sinceEver = -(2n ** 63n);

/**
 * Reads a timestamptz in PostgreSQL's own form, which is a count of microseconds; its first and its last are no end. As the driver reads
 * the text of it: a Date, downwards to the millisecond, or an infinite number.
 */
export function timestampFromBinary(bytes: Buffer, start: number): Date | number {
  const upper = bytes.readInt32BE(start);
  if (upper < exactUpperMax && upper >= -exactUpperMax) {
    const microseconds = upper * upperUnit + bytes.readUInt32BE(start + 4);
    return new Date(postgresEpochMs + Math.floor(microseconds / 1000));
  }
  const microseconds = bytes.readBigInt64BE(start);
  if (microseconds === forever) return Infinity;
  if (microseconds === sinceEver) return -Infinity;
  const milliseconds = microseconds / 1000n - (microseconds % 1000n < 0n ? 1n : 0n);
  return new Date(postgresEpochMs + Number(milliseconds));
}
