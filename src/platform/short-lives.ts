import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8 that nothing it has compiled makes things that will live long. It guesses so of the places in the code whose first objects did,
 * which at a server's start is mere chance, and makes their objects among the old ones from then on: rows and all that is in them would stay
 * until the whole heap is gone through. See `docs/decisions/0027-what-a-request-makes-dies-with-it.md`.
 */
export function expectShortLives(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
