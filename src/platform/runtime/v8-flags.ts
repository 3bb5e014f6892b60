import { setFlagsFromString } from 'node:v8';

/**
 * Sets V8 flags for a process whose garbage is mostly short-lived and whose heap stops growing once the
 * caches are full. Must run before the first request; docs/decisions/0027-v8-flags-for-short-lived-objects.md
 * has the measurements.
 */
export function tuneGarbageCollection(): void {
  // By default V8 allocates in the old generation at code sites whose first objects lived long, which at
  // start is chance.
  setFlagsFromString('--no-allocation-site-pretenuring');
  // By default the old generation may grow fourfold before it is collected.
  setFlagsFromString('--heap-growing-percent=50');
}
