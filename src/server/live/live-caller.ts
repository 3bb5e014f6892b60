import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Forbidden, Refusal, TokenExpired, Unavailable } from '../../platform/errors.ts';

/** The product's part of a live connection: noticing that a caller's rights have changed. */
export interface RightsOptions<Viewer> {
  /** Calls back as soon as the rights of a viewer may have changed; the returned function stops that. */
  readonly watchRights: (viewer: Viewer, onChange: () => void) => () => void;
  /** Returns false while changes of rights may go unnoticed. */
  readonly areRightsKnown: () => boolean;
  readonly hasSameRights: (one: Viewer, other: Viewer) => boolean;
  /** The end of a credential in milliseconds since the epoch; null if unknown. */
  readonly expiryOf: (headers: IncomingHttpHeaders) => number | null;
}

interface LiveCallerOptions<Viewer> extends RightsOptions<Viewer> {
  readonly authenticate: (headers: IncomingHttpHeaders) => MaybePromise<Viewer | null>;
}

/** The interval of attempts while it is unknown whether a caller still has rights, in milliseconds. */
const retryMs = 100;
/** The interval at which rights are read again, in milliseconds: nothing announces the end of a session. */
const recheckMs = 30_000;
/** The longest time that a timer can wait. */
const timerMax = 2 ** 31 - 1;

/** The caller of a live connection, whose rights are known whenever something is sent. */
export class LiveCaller<Viewer> {
  readonly viewer: Viewer;
  readonly #headers: IncomingHttpHeaders;
  readonly #options: LiveCallerOptions<Viewer>;
  readonly #onEnd: (reason: Refusal) => void;
  readonly #stopWatching: () => void;
  readonly #expiry: NodeJS.Timeout | null;
  readonly #rechecks: NodeJS.Timeout;
  #end: Refusal | null = null;
  #isClosed = false;
  #check: Promise<void> | null = null;
  #isOutdated = false;

  /** `onEnd` is called once if the caller loses rights; nothing must be sent afterwards. */
  constructor(
    viewer: Viewer,
    headers: IncomingHttpHeaders,
    options: LiveCallerOptions<Viewer>,
    onEnd: (reason: Refusal) => void,
  ) {
    this.viewer = viewer;
    this.#headers = headers;
    this.#options = options;
    this.#onEnd = onEnd;
    this.#stopWatching = options.watchRights(viewer, () => this.recheck());
    this.#rechecks = setInterval(() => this.recheck(), recheckMs).unref();
    const expiry = options.expiryOf(headers);
    const waitMs = expiry === null ? null : Math.min(Math.max(0, expiry - Date.now()), timerMax);
    this.#expiry =
      waitMs === null ? null : setTimeout(() => this.#endWith(new TokenExpired()), waitMs).unref();
  }

  /** Waits until the caller is known to have rights. @throws Refusal if the caller has lost them */
  async confirmed(): Promise<void> {
    while (this.#end === null && !this.#isClosed) {
      if (this.#check !== null) await this.#check;
      else if (this.#options.areRightsKnown()) return;
      else await delay(retryMs);
    }
    if (this.#end !== null) throw this.#end;
  }

  /** Reads the caller's rights again; until the result is known nothing is sent. */
  recheck(): void {
    this.#isOutdated = true;
    if (this.#check !== null || this.#end !== null || this.#isClosed) return;
    this.#check = this.#readRights().finally(() => {
      this.#check = null;
    });
  }

  /** Stops watching. */
  close(): void {
    this.#isClosed = true;
    this.#stopWatching();
    clearInterval(this.#rechecks);
    if (this.#expiry !== null) clearTimeout(this.#expiry);
  }

  async #readRights(): Promise<void> {
    while (this.#isOutdated && !this.#isClosed && this.#end === null) {
      this.#isOutdated = false;
      // The caches receive the same message, possibly after this object.
      await Promise.resolve();
      try {
        const viewer = await this.#options.authenticate(this.#headers);
        if (viewer !== null && this.#options.hasSameRights(viewer, this.viewer)) continue;
        this.#endWith(new Forbidden('Your rights have changed; connect again.'));
      } catch (error) {
        if (error instanceof Refusal && !(error instanceof Unavailable)) this.#endWith(error);
        else {
          this.#isOutdated = true;
          await delay(retryMs);
        }
      }
    }
  }

  #endWith(reason: Refusal): void {
    if (this.#end !== null || this.#isClosed) return;
    this.#end = reason;
    this.close();
    this.#onEnd(reason);
  }
}
