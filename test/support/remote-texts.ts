import type { KeyValueStore, StoredText, StoreSession } from '../../src/caching/key-value-store.ts';
import { StoreUnavailable } from '../../src/caching/key-value-store.ts';

/** The texts that the stores of several processes share: a server without expiry. */
export class RemoteTexts {
  incarnation = 'life 1';
  texts = new Map<string, string>();

  /** Starts again from an old copy of its texts. */
  restartWith(copy: ReadonlyMap<string, string>): void {
    this.incarnation = `life ${Number(this.incarnation.slice(5)) + 1}`;
    this.texts = new Map(copy);
  }
}

/**
 * One process's way to a server far away: each command is awaited before and after it happens, and fails when
 * `delay` does, on the way there or on the way back.
 */
export class RemoteStore implements KeyValueStore {
  readonly name = 'remote';
  readonly #remote: RemoteTexts;
  readonly #delay: () => Promise<void>;

  constructor(remote: RemoteTexts, delay: () => Promise<void>) {
    this.#remote = remote;
    this.#delay = delay;
  }

  get session(): StoreSession {
    const { incarnation } = this.#remote;
    const run = async <Result>(command: (texts: Map<string, string>) => Result): Promise<Result> => {
      await this.#delay();
      const result = command(this.#remote.texts);
      await this.#delay();
      if (this.#remote.incarnation !== incarnation) throw new StoreUnavailable(this.name);
      return result;
    };
    return {
      incarnation,
      getMany: (keys) => run((texts) => keys.map((key) => texts.get(key))),
      setMany: (entries) => run((texts) => entries.forEach(({ key, text }) => texts.set(key, text))),
      addMany: (entries) => run((texts) => entries.map((entry) => add(texts, entry))),
      extendMany: () => run(() => {}),
      removeMany: (keys) => run((texts) => keys.forEach((key) => texts.delete(key))),
    };
  }
}

function add(texts: Map<string, string>, { key, text }: StoredText): boolean {
  if (texts.has(key)) return false;
  texts.set(key, text);
  return true;
}
