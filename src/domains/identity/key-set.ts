import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../platform/runtime/clock.ts';
import { Unavailable } from '../../platform/errors.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';

/** Finds the key that a token's header names. */
type FindKey = ReturnType<typeof createLocalJWKSet>;

/** After this the keys are read again, in the background of the next token. */
const refreshAfterMs = 10 * 60_000;
/** At least this lies between two readings, independent of tokens. */
const pauseMs = 10_000;
/** The same while there are no keys at all, and every token has to wait for them. */
const pauseWithoutKeysMs = 1000;

interface KeySetOptions {
  /** Reads the JSON Web Key Set; rejects when that can't be had. */
  readonly read: () => Promise<string>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The identity provider's public keys. They are kept for as long as no newer ones can be had: a provider
 * whose keys can't be read for a while is no reason to reject all tokens.
 */
export class KeySet {
  /** Raised whenever the keys changed: what was checked with earlier ones has to be checked again. */
  generation = 0;
  readonly #options: KeySetOptions;
  #find: FindKey | null = null;
  #text = '';
  #readAt = Number.NEGATIVE_INFINITY;
  #attemptedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /**
   * For `jwtVerify`. A name that no key has leads to one new reading, because providers change their keys;
   * during the pause after it such tokens are rejected immediately, so that invented names neither reach the
   * provider nor delay anyone.
   * @throws JWKSNoMatchingKey
   * @throws Unavailable while there are no keys at all
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const find = await this.#current();
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayRead(pauseMs)) throw error;
      await this.#read();
      return (this.#find ?? find)(header, token);
    }
  };

  /**
   * To be called for every token, also for one that is known: keys that were withdrawn must not live on for
   * want of new ones.
   */
  keepFresh(): void {
    const isOld = this.#options.clock.now() - this.#readAt >= refreshAfterMs;
    // In the background: the keys that are there are good until the newer ones are.
    if (isOld && this.#mayRead(pauseMs)) void this.#read();
  }

  async #current(): Promise<FindKey> {
    if (this.#find === null) {
      if (this.#mayRead(pauseWithoutKeysMs)) await this.#read();
      if (this.#find === null)
        throw new Unavailable('The identity provider’s signing keys are unavailable; try again shortly.');
      return this.#find;
    }
    this.keepFresh();
    return this.#find;
  }

  /** A caller during a reading of the keys waits for them; only a new reading is held back. */
  #mayRead(afterMs: number): boolean {
    return this.#reading !== null || this.#options.clock.now() - this.#attemptedAt >= afterMs;
  }

  /** Never rejects: what went wrong is logged, and the earlier keys stay. */
  #read(): Promise<void> {
    this.#reading ??= this.#replace()
      .catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'could not fetch the identity provider’s signing keys');
      })
      .finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }

  async #replace(): Promise<void> {
    this.#attemptedAt = this.#options.clock.now();
    const text = await this.#options.read();
    if (text !== this.#text) {
      const find = createLocalJWKSet(JSON.parse(text));
      if (find.jwks().keys.length === 0) throw new Error('The JSON Web Key Set has no keys.');
      this.#find = find;
      this.#text = text;
      this.generation += 1;
    }
    this.#readAt = this.#attemptedAt;
  }
}
