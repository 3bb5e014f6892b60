import type KeyvRedis from '@keyv/redis';
import { z } from 'zod';
import { StoreUnavailable, type StoredText, type StoreSession } from '../key-value-store.ts';
import type { RedisClient } from './redis-client.ts';

interface RedisSessionOptions {
  readonly incarnation: string;
  readonly name: string;
  readonly adapter: KeyvRedis<string>;
  readonly client: RedisClient;
  readonly timeoutMs: number;
  readonly isCurrent: () => boolean;
  /** Called after each command; null: it went well. */
  readonly onOutcome: (error: unknown) => void;
}

const sumSchema = z.tuple([z.number(), z.number()]);

/** In one step, so that a number without an end cannot be left behind. */
const addToScript = `
  if tonumber(ARGV[1]) < 0 and redis.call('exists', KEYS[1]) == 0 then return {0, 0} end
  local sum = redis.call('incrby', KEYS[1], ARGV[1])
  local left = redis.call('pttl', KEYS[1])
  if left < 0 then
    redis.call('pexpire', KEYS[1], ARGV[2])
    left = tonumber(ARGV[2])
  end
  return {sum, left}`;

/** Redis for as long as it is the same server that answers, and in time. */
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

  /**
   * Adds to the number of a key, which begins at 0 and ends so long after it has begun. Less than nothing is added only to
   * what there is. Answers the sum, and how many milliseconds are left.
   */
  async addTo(
    key: string,
    by: number,
    ttlMs: number,
  ): Promise<{ readonly sum: number; readonly leftMs: number }> {
    const { commands } = this.#options.client;
    const command = { keys: [key], arguments: [String(by), String(ttlMs)] };
    const [sum, leftMs] = sumSchema.parse(await this.#run(() => commands.eval(addToScript, command)));
    return { sum, leftMs };
  }

  async #run<Result>(command: () => Promise<Result>): Promise<Result> {
    const { isCurrent, name, onOutcome, timeoutMs } = this.#options;
    if (!isCurrent()) throw new StoreUnavailable(name);
    try {
      const result = await withinTime(timeoutMs, command);
      // Answered by a server that may have taken the place of this one.
      if (!isCurrent()) throw new StoreUnavailable(name);
      onOutcome(null);
      return result;
    } catch (error) {
      // A server that is full still answers, and what it has is still true.
      if (!(error instanceof StoreUnavailable)) onOutcome(isFull(error) ? null : error);
      throw error;
    }
  }
}

/** @throws Error when the work takes longer; its outcome is then nobody's business */
export async function withinTime<Result>(timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    const expire = () => reject(new Error(`Redis did not answer within ${timeoutMs} ms.`));
    // A process that was busy for so long looks first whether the answer has been waiting for it.
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
