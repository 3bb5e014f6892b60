import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8 what it cannot know: what a request makes dies with it, and what lives on grows no more once the caches are full.
 *
 * By itself it guesses of places in the code whose first objects lived long that all of them will, which at a server's start is mere
 * chance, and makes them among the old ones from then on: rows and all that is in them would stay until the whole heap is gone through. And it
 * lets the old ones become four times as many before it goes through them. See
 * `docs/decisions/0027-v8-flags-for-short-lived-objects.md`.
 */
export function expectShortLives(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--heap-growing-percent=50');
}
