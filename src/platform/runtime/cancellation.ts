import type { Refusal } from '../errors.ts';

/**
 * Cancels work whose result is no longer needed; the needed part of an AbortController at a fraction of its
 * cost per request.
 */
export class Cancellation {
  /** The start of the work by `performance.now()`. */
  readonly since = performance.now();
  /** The reason of the cancellation; null before it. */
  reason: Refusal | null = null;
  /** Null until the first listener is added: work that completes synchronously never gets one. */
  #listeners: Set<() => void> | null = null;

  /** Cancels the work; only the first reason counts. */
  cancel(reason: Refusal): void {
    if (this.reason !== null) return;
    this.reason = reason;
    const listeners = this.#listeners ?? [];
    this.#listeners = null;
    for (const listener of listeners) listener();
  }

  /** Calls the listener once on cancellation; the returned function removes the listener. */
  onCancel(listener: () => void): () => void {
    const listeners = (this.#listeners ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
}
