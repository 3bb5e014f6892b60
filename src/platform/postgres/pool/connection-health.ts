import { Client, type PoolClient } from 'pg';

/** How long a connection may have been idle before it is checked, and how long the check may take, in milliseconds. */
export interface CheckTimes {
  readonly checkAfterIdleMs: number;
  readonly checkMs: number;
}

/** Which connections can be used without asking them first. Moments are by `performance.now()`. */
export class ConnectionTrust {
  readonly #times: CheckTimes;
  readonly #answeredAt = new WeakMap<PoolClient, number>();
  #suspectBefore = 0;

  constructor(times: CheckTimes) {
    this.#times = times;
  }

  /** That it was made counts as well. */
  noteAnswer(client: PoolClient, at: number): void {
    this.#answeredAt.set(client, at);
  }

  /** None that has not answered since is trusted any more. */
  suspectAll(): void {
    this.#suspectBefore = performance.now();
  }

  /** Whether it need not be asked first. */
  isTrusted(client: PoolClient): boolean {
    const answeredAt = this.#answeredAt.get(client) ?? 0;
    return answeredAt >= this.#suspectBefore && performance.now() - answeredAt < this.#times.checkAfterIdleMs;
  }

  /** Never rejects. Where one connection is dead, those that were idle as long are not waited for one by one. */
  async isAlive(client: PoolClient): Promise<boolean> {
    if ((this.#answeredAt.get(client) ?? 0) < this.#suspectBefore) return false;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#times.checkMs);
    });
    const answer = ask(client).then(
      () => true,
      () => false,
    );
    const isAlive = await Promise.race([answer, tooLong]);
    clearTimeout(timer);
    if (!isAlive) this.suspectAll();
    return isAlive;
  }
}

/** Not by the connection's own `query`, which would count it among the statements of a request. */
function ask(client: PoolClient): Promise<unknown> {
  return Promise.resolve<unknown>(
    Reflect.apply(Reflect.get(Client.prototype, 'query'), client, ['select 1']),
  );
}
