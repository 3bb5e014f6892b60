import { createHash } from 'node:crypto';
import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { IncomingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';
import { Refusal } from '../../platform/errors.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { networkOf } from '../../platform/security/network-address.ts';
import { HttpError } from '../errors/http-errors.ts';

/** Refused credentials of a network in a row; a further one is allowed every interval. */
const refusedMax = 100;
const intervalMs = 600;
/** The bounds of what is kept, some 150 bytes each. */
const networksMax = 10_000;
const acceptedMax = 50_000;

/**
 * Limits the unknown credentials of a network before they are looked up in the database. A credential that
 * was accepted before is not limited: its owner may share the network with an attacker.
 */
export class CredentialGuard {
  readonly #clock: Clock;
  /** By network, the time at which all of its refused credentials are forgotten. */
  readonly #forgottenAt = new LRUCache<string, number>({ max: networksMax });
  readonly #accepted = new LRUCache<string, true>({ max: acceptedMax });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Authenticates a request; a credential that is looked up counts when it is refused.
   * @throws HttpError with RATE_LIMITED and 429, and what `authenticate` throws
   */
  identify<Viewer>(
    authenticate: (headers: IncomingHttpHeaders) => MaybePromise<Viewer | null>,
    headers: IncomingHttpHeaders,
    ipAddress: string,
  ): MaybePromise<Viewer | null> {
    const { authorization } = headers;
    if (authorization === undefined) return authenticate(headers);
    this.check(authorization, ipAddress);
    const viewer = authenticate(headers);
    return viewer instanceof Promise ? this.#settle(viewer, authorization, ipAddress) : viewer;
  }

  async #settle<Viewer>(viewer: Promise<Viewer>, credential: string, ipAddress: string): Promise<Viewer> {
    try {
      const accepted = await viewer;
      this.accept(credential);
      return accepted;
    } catch (error) {
      // An outage says nothing about the credential.
      if (error instanceof Refusal && error.code !== 'UNAVAILABLE') this.refuse(credential, ipAddress);
      throw error;
    }
  }

  /** Costs nothing while no credential is refused. @throws HttpError with RATE_LIMITED and 429 */
  check(credential: string, ipAddress: string): void {
    if (this.#forgottenAt.size === 0) return;
    const aheadMs = (this.#forgottenAt.get(networkOf(ipAddress)) ?? 0) - this.#clock.now();
    const waitMs = aheadMs - (refusedMax - 1) * intervalMs;
    if (waitMs <= 0 || this.#accepted.has(keyOf(credential))) return;
    const seconds = Math.ceil(waitMs / 1000);
    throw new HttpError(
      429,
      'RATE_LIMITED',
      `This address has sent too many credentials that are not accepted; try again in ${seconds} s.`,
      { 'retry-after': String(seconds) },
    );
  }

  /** Records a credential that had to be looked up and was accepted. */
  accept(credential: string): void {
    this.#accepted.set(keyOf(credential), true);
  }

  /** Records a credential that was not accepted. */
  refuse(credential: string, ipAddress: string): void {
    const network = networkOf(ipAddress);
    const now = this.#clock.now();
    this.#accepted.delete(keyOf(credential));
    this.#forgottenAt.set(network, Math.max(now, this.#forgottenAt.get(network) ?? 0) + intervalMs);
  }
}

function keyOf(credential: string): string {
  return createHash('sha256').update(credential).digest('base64url').slice(0, 22);
}
