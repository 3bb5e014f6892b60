import { AsyncResource } from 'node:async_hooks';
import { Client, Pool, type PoolClient, type PoolConfig } from 'pg';

/** How long a connection may have been idle before it is checked, and how long the check may take, in milliseconds. */
export interface CheckTimes {
  readonly checkAfterIdleMs: number;
  readonly checkMs: number;
}

/** How busy a pool is. */
export interface PoolState {
  readonly inUse: number;
  readonly idle: number;
  /** Those who wait for a connection. */
  readonly waiting: number;
  /** How often nobody got a connection in time, since the start. */
  readonly timeouts: number;
}

type TakeClient = (
  error: Error | undefined,
  client: PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/**
 * pg's pool, whose connections are known to work: one that has been idle for a while may have been forgotten by a firewall
 * or belong to a server that is gone, which would show only when a statement is never answered.
 */
export class CheckedPool extends Pool {
  readonly #times: CheckTimes;
  readonly #answeredAt = new WeakMap<PoolClient, number>();
  #suspectBefore = 0;
  #timeouts = 0;

  constructor(config: PoolConfig, times: CheckTimes) {
    super(config);
    this.#times = times;
    this.on('release', (_error, client) => this.#answeredAt.set(client, performance.now()));
  }

  get state(): PoolState {
    return {
      inUse: this.totalCount - this.idleCount,
      idle: this.idleCount,
      waiting: this.waitingCount,
      timeouts: this.#timeouts,
    };
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: TakeClient): void;
  override connect(callback?: TakeClient): Promise<PoolClient> | void {
    if (callback !== undefined) {
      // pg calls back from whatever gave the connection back, which may have been for another request.
      this.#take(AsyncResource.bind(callback));
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.#take((error, client) => {
        if (client === undefined) reject(error ?? new Error('The pool answered neither way.'));
        else resolve(client);
      });
    });
  }

  #take(take: TakeClient): void {
    super.connect((error, client, done) => {
      if (client === undefined) {
        if (error !== undefined && isTimeout(error)) this.#timeouts += 1;
        take(error, client, done);
        return;
      }
      const answeredAt = this.#answeredAt.get(client);
      if (answeredAt === undefined || performance.now() - answeredAt < this.#times.checkAfterIdleMs) {
        take(undefined, client, done);
        return;
      }
      void this.#isAlive(client, answeredAt).then((isAlive) => {
        if (isAlive) {
          take(undefined, client, done);
          return;
        }
        done(true);
        this.#take(take);
      });
    });
  }

  /** Never rejects. Where one connection is dead, those that were idle as long are not waited for one by one. */
  async #isAlive(client: PoolClient, answeredAt: number): Promise<boolean> {
    if (answeredAt < this.#suspectBefore) return false;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#times.checkMs);
    });
    // While nobody else listens, a connection that breaks would end the process.
    client.on('error', ignore);
    const answer = ask(client);
    const isAlive = await Promise.race([
      answer.then(
        () => true,
        () => false,
      ),
      tooLong,
    ]);
    clearTimeout(timer);
    client.off('error', ignore);
    if (!isAlive) this.#suspectBefore = performance.now();
    return isAlive;
  }
}

/** Not by the connection's own `query`, which would count it among the statements of a request. */
function ask(client: PoolClient): Promise<unknown> {
  return Promise.resolve<unknown>(
    Reflect.apply(Reflect.get(Client.prototype, 'query'), client, ['select 1']),
  );
}

/** The check's own promise is rejected by the same event, and that one is heard. */
function ignore(): void {}

function isTimeout({ message }: Error): boolean {
  return /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout)/.test(
    message,
  );
}
