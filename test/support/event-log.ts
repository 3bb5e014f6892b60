/** An event of messageEvents, as the tests select it. */
export interface LoggedEvent {
  readonly kind: string;
  readonly cursor: string;
  readonly messageId: string | null;
  readonly message: { readonly content: string; readonly author: unknown } | null;
}

/** The events that a client has received; a sink for the clients of both libraries. */
export class EventLog {
  readonly events: LoggedEvent[] = [];
  readonly errors: unknown[] = [];
  isComplete = false;
  #waiting: (() => void)[] = [];

  next(value: unknown): void {
    const { data, errors } = toResult(value);
    if (errors !== undefined) this.errors.push(...errors);
    if (data?.messageEvents !== undefined) this.events.push(data.messageEvents);
    this.#wake();
  }

  error(error: unknown): void {
    this.errors.push(...(Array.isArray(error) ? error : [error]));
    this.#wake();
  }

  complete(): void {
    this.isComplete = true;
    this.#wake();
  }

  /** Waits until the events satisfy a condition; rejects on an error. */
  async until(isMet: (events: readonly LoggedEvent[]) => boolean): Promise<void> {
    while (!isMet(this.events)) {
      if (this.errors.length > 0) throw new Error(`The subscription failed: ${JSON.stringify(this.errors)}`);
      await this.#nextChange();
    }
  }

  /** Waits for the end, which may be an error. */
  async untilEnd(): Promise<void> {
    while (!this.isComplete && this.errors.length === 0) await this.#nextChange();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

interface Result {
  readonly data?: { readonly messageEvents?: LoggedEvent } | null;
  readonly errors?: readonly unknown[];
}

/** The shape of a result is the query's own. */
function toResult(value: unknown): Result {
  return JSON.parse(JSON.stringify(value));
}
