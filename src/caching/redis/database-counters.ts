import { createHash } from 'node:crypto';
import type { Coherence } from '../coherence/coherence.ts';
import type { RedisStore } from './redis-store.ts';

interface DatabaseCountersOptions {
  readonly store: Pick<RedisStore, 'session'>;
  readonly coherence: Pick<Coherence, 'databaseName'>;
}

/** Counters in Redis that the processes on one database share; those on another database have their own. */
export class DatabaseCounters {
  readonly #options: DatabaseCountersOptions;
  /** The hash of the name, which is computed once per name. */
  #hashed = { name: '', hash: '' };

  constructor(options: DatabaseCountersOptions) {
    this.#options = options;
  }

  /** Null while Redis is unavailable or the database unknown. */
  get session() {
    const { session } = this.#options.store;
    const { databaseName } = this.#options.coherence;
    if (session === null || databaseName === null) return null;
    const prefix = `${this.#hashOf(databaseName)}:`;
    return {
      runScript: (script: string, key: string, args: readonly (string | number)[]) =>
        session.runScript(script, prefix + key, args),
    };
  }

  #hashOf(name: string): string {
    if (this.#hashed.name !== name) {
      this.#hashed = { name, hash: createHash('sha256').update(name).digest('hex').slice(0, 16) };
    }
    return this.#hashed.hash;
  }
}
