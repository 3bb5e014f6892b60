import { MemoryAttemptLimiter, type AttemptLimit, type AttemptLimiter } from './attempt-limiter.ts';
import type { Clock } from '../runtime/clock.ts';

/** Counters in a Redis that several processes share. */
export interface SharedCounters {
  /** Null while Redis is away. Each script has a timeout and rejects when it fails. */
  readonly session: {
    /** Runs a Lua script on one key and returns its result. */
    runScript(script: string, key: string, args: readonly (string | number)[]): Promise<unknown>;
  } | null;
}

/**
 * The key is a hash of the times at which its limits are unused again (the generic cell rate algorithm). Its
 * arguments are the window, then name and interval of each limit; its result is the milliseconds to wait, or
 * 0 for a counted attempt.
 */
const takeScript = `
  local time = redis.call('time')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local function after(i)
    return math.max(now, tonumber(redis.call('hget', KEYS[1], ARGV[i]) or 0)) + ARGV[i + 1]
  end
  local wait = 0
  for i = 2, #ARGV, 2 do wait = math.max(wait, after(i) - now - ARGV[1]) end
  if wait >= 1 then return math.ceil(wait) end
  for i = 2, #ARGV, 2 do redis.call('hset', KEYS[1], ARGV[i], after(i)) end
  redis.call('pexpire', KEYS[1], ARGV[1])
  return 0`;

/** Arguments: name and interval of each limit. */
const giveBackScript = `
  for i = 1, #ARGV, 2 do
    local at = redis.call('hget', KEYS[1], ARGV[i])
    if at then redis.call('hset', KEYS[1], ARGV[i], at - ARGV[i + 1]) end
  end`;

/** Argument: the name of a limit; none for all. */
const forgetScript = `
  if ARGV[1] then redis.call('hdel', KEYS[1], ARGV[1]) else redis.call('unlink', KEYS[1]) end`;

/**
 * Counts attempts both in shared counters and in the memory of the process, which still limits attempts while
 * the shared counters are away. An outage never rejects an attempt.
 */
export class SharedAttemptLimiter implements AttemptLimiter {
  readonly #windowMs: number;
  readonly #counters: SharedCounters;
  readonly #keyPrefix: string;
  readonly #own: MemoryAttemptLimiter;

  constructor(options: {
    readonly windowMs: number;
    readonly clock: Clock;
    readonly limitsMax: number;
    readonly counters: SharedCounters;
    /** Separates these counters from others in the same store. */
    readonly keyPrefix: string;
  }) {
    this.#windowMs = options.windowMs;
    this.#counters = options.counters;
    this.#keyPrefix = options.keyPrefix;
    this.#own = new MemoryAttemptLimiter(options);
  }

  async take(key: string, limits: readonly AttemptLimit[]): Promise<number | null> {
    const ownWaitMs = await this.#own.take(key, limits);
    if (ownWaitMs !== null) return ownWaitMs;
    const waitMs = await this.#run(takeScript, key, [this.#windowMs, ...this.#intervals(limits)]);
    return typeof waitMs === 'number' && waitMs > 0 ? waitMs : null;
  }

  async giveBack(key: string, limits: readonly AttemptLimit[]): Promise<void> {
    await this.#own.giveBack(key, limits);
    await this.#run(giveBackScript, key, this.#intervals(limits));
  }

  async forget(key: string, name?: string): Promise<void> {
    await this.#own.forget(key, name);
    await this.#run(forgetScript, key, name === undefined ? [] : [name]);
  }

  #intervals(limits: readonly AttemptLimit[]): (string | number)[] {
    return limits.flatMap(({ name, triesMax }) => [name, this.#windowMs / triesMax]);
  }

  async #run(script: string, key: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#counters.session?.runScript(script, this.#keyPrefix + key, args);
    } catch {
      // The attempt still counts in this process. The store logs its own failures.
      return null;
    }
  }
}
