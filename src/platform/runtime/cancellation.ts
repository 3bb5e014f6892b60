import type { Refusal } from '../errors.ts';

/**
 * Ends work that nobody waits for any more. Of an AbortController it is the part that is needed here, at a fraction of what one
 * costs a request.
 */
export class Cancellation {
  /** Null until somebody listens: what is answered at once is never listened to. */
  #listeners: Set<() => void> | null = null;
  /** When the work began, by `performance.now()`. */
  readonly since = performance.now();
  #reason: Refusal | null = null;

  /** Why it ended; null while it has not. */
  get reason(): Refusal | null {
    return this.#reason;
  }

  /** The first reason stays. */
  cancel(reason: Refusal): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    const listeners = this.#listeners ?? [];
    this.#listeners = null;
    for (const listener of listeners) listener();
  }

  /** @throws the reason, once there is one */
  throwIfCancelled(): void {
    if (this.#reason !== null) throw this.#reason;
  }

  /** Calls back once when it is cancelled; the returned function stops that. */
  onCancel(listener: () => void): () => void {
    const listeners = (this.#listeners ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
}
