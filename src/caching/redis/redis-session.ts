import type KeyvRedis from '@keyv/redis';
import { StoreUnavailable, type StoredText, type StoreSession } from '../key-value-store.ts';
import type { RedisClient } from './redis-client.ts';

interface RedisSessionOptions {
  readonly incarnation: string;
  readonly name: string;
  readonly adapter: KeyvRedis<string>;
  readonly client: RedisClient;
  readonly timeoutMs: number;
  readonly isCurrent: () => boolean;
  /** Called after each command; null on success. */
  readonly onOutcome: (error: unknown) => void;
}

/** Redis, for as long as the same server responds in time. */
export class RedisSession implements StoreSession {
  readonly incarnation: string;
  readonly #options: RedisSessionOptions;

  constructor(options: RedisSessionOptions) {
    this.incarnation = options.incarnation;
    this.#options = options;
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    if (keys.length === 0) return [];
    return this.#run(() => this.#options.adapter.getMany<string>([...keys]));
  }

  async setMany(texts: readonly StoredText[]): Promise<void> {
    if (texts.length === 0) return;
    const records = texts.map(({ key, text, ttlMs }) => ({ key, value: text, ttl: ttlMs }));
    await this.#run(() => this.#options.adapter.setMany(records));
  }

  async addMany(texts: readonly StoredText[]): Promise<boolean[]> {
    const { commands } = this.#options.client;
    return this.#run(() =>
      Promise.all(
        texts.map(
          async ({ key, text, ttlMs }) =>
            (await commands.set(key, text, {
              condition: 'NX',
              expiration: { type: 'PX', value: ttlMs },
            })) !== null,
        ),
      ),
    );
  }

  async extendMany(keys: readonly string[], ttlMs: number): Promise<void> {
    const { commands } = this.#options.client;
    await this.#run(() => Promise.all(keys.map((key) => commands.pExpire(key, ttlMs))));
  }

  async removeMany(keys: readonly string[]): Promise<void> {
    const { commands } = this.#options.client;
    await this.#run(() => Promise.all(keys.map((key) => commands.unlink(key))));
  }

  /** Runs a Lua script on one key and returns its result. */
  async runScript(script: string, key: string, args: readonly (string | number)[]): Promise<unknown> {
    const { commands } = this.#options.client;
    return this.#run(() => commands.eval(script, { keys: [key], arguments: args.map(String) }));
  }

  async #run<Result>(command: () => Promise<Result>): Promise<Result> {
    const { isCurrent, name, onOutcome, timeoutMs } = this.#options;
    if (!isCurrent()) throw new StoreUnavailable(name);
    try {
      const result = await withinTime(timeoutMs, command);
      // The response may come from a server that replaced this one.
      if (!isCurrent()) throw new StoreUnavailable(name);
      onOutcome(null);
      return result;
    } catch (error) {
      // A full server still responds, and its entries are still valid.
      if (!(error instanceof StoreUnavailable)) onOutcome(isFull(error) ? null : error);
      throw error;
    }
  }
}

/** Waits for the work. @throws Error if it takes longer; its result is then ignored */
export async function withinTime<Result>(timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    const expire = () => reject(new Error(`Redis did not answer within ${timeoutMs} ms.`));
    // After a blocked event loop, a response that is already waiting is read first.
    timer = setTimeout(() => setImmediate(expire), timeoutMs);
  });
  try {
    return await Promise.race([work(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && /\bOOM\b/.test(error.message);
}
