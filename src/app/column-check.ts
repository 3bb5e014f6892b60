import type { MaybePromise } from '@whatwg-node/promise-helpers';
import type { Invalidation, InvalidationListener } from '../caching/coherence/coherence.ts';
import { Unavailable } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { catalogueCache, type Catalogue, type Column } from '../platform/postgres/column-catalog.ts';
import type { NeededColumn } from '../platform/postgres/required-columns.ts';

/** Columns that the code needs and the database lacks, as `table.column`. */
export interface MissingColumns {
  /** Without these nothing may be answered: one tenant's rows could pass for another's. */
  readonly isolating: readonly string[];
  /** Without these some requests fail. */
  readonly others: readonly string[];
}

/** The database lacks columns that isolation depends on; the message names them. */
export class SchemaMisfit extends Error {
  constructor(columns: readonly string[]) {
    super(
      `The database lacks ${columns.join(', ')}, which keep tenants apart. ` +
        'Nothing is served until they are there again: run `parley migrate --status`.',
    );
  }
}

/**
 * Keeps requests away from a database whose tables have lost what isolation depends on. Requests go by the last look,
 * at no cost; a look is taken at start, by every readiness check, when the catalogue was invalidated, and now and then.
 */
export class SchemaGuard implements InvalidationListener {
  readonly #catalogue: Catalogue;
  readonly #needed: ReadonlyMap<string, readonly NeededColumn[]>;
  readonly #logger: Logger;
  #missing: MissingColumns = { isolating: [], others: [] };
  #looks = 0;
  #lastLook = 0;
  #lookBeforeRefusing: Promise<MissingColumns> | undefined;

  constructor(options: {
    readonly catalogue: Catalogue;
    readonly needed: ReadonlyMap<string, readonly NeededColumn[]>;
    readonly logger: Logger;
  }) {
    this.#catalogue = options.catalogue;
    this.#needed = options.needed;
    this.#logger = options.logger;
  }

  /** As of the last look. */
  get missing(): MissingColumns {
    return this.#missing;
  }

  /** Compares the catalogue with what the code needs. Rejects when the database does not answer; then nothing changes. */
  async look(): Promise<MissingColumns> {
    this.#looks += 1;
    const look = this.#looks;
    // A fault is never believed for the catalogue's time to live: whoever mends the table must not have to wait.
    if (namesOf(this.#missing).length > 0) await this.#catalogue.forget();
    const found = await this.#catalogue.columnsOf([...this.#needed.keys()]);
    // Looks may end in another order than they began, and only the latest is true.
    if (look > this.#lastLook) {
      this.#lastLook = look;
      this.#conclude(missingFrom(this.#needed, found));
    }
    return this.#missing;
  }

  /** As `look`, where nobody waits for the outcome: a database that does not answer is logged. */
  async lookInBackground(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      this.#logger.warn({ err: error }, 'the columns of the database could not be read');
    }
  }

  /** At start. @throws SchemaMisfit when nothing may be served */
  async requireFit(): Promise<void> {
    const { isolating } = await this.look();
    if (isolating.length > 0) throw new SchemaMisfit(isolating);
  }

  /** Before a request. Free while all is well. @throws Unavailable while a column is missing that isolation depends on */
  admit(): MaybePromise<void> {
    return this.#missing.isolating.length === 0 ? undefined : this.#lookAgain();
  }

  /** Of what `migrate` and admins announce to all processes. */
  invalidated(invalidations: readonly Invalidation[]): void {
    const isConcerned = invalidations.some((each) => 'cache' in each && each.cache === catalogueCache);
    if (isConcerned) void this.lookInBackground();
  }

  /**
   * Nothing is done: an import makes all caches forget, and so does a connection that was lost for a moment, while tables
   * seldom change. The next look is not far.
   */
  missed(): void {}

  /** Looks now and then, for changes that nobody announces; the returned function ends it. */
  watch(intervalMs: number): () => void {
    const timer = setInterval(() => void this.lookInBackground(), intervalMs).unref();
    return () => clearInterval(timer);
  }

  async #lookAgain(): Promise<void> {
    // One look for all who are about to be refused, so that the first request after the repair is answered.
    this.#lookBeforeRefusing ??= this.look().finally(() => (this.#lookBeforeRefusing = undefined));
    const { isolating } = await this.#lookBeforeRefusing;
    if (isolating.length > 0) throw new Unavailable('The service is being repaired; try again later.');
  }

  #conclude(missing: MissingColumns): void {
    const before = namesOf(this.#missing).join();
    this.#missing = missing;
    if (namesOf(missing).join() === before) return;
    if (missing.isolating.length > 0)
      this.#logger.fatal(missing, 'columns that isolation depends on are missing');
    else if (missing.others.length > 0)
      this.#logger.error(missing, 'the database lacks columns that the code needs');
    else this.#logger.info('the database has every column again that the code needs');
  }
}

function namesOf({ isolating, others }: MissingColumns): readonly string[] {
  return [...isolating, ...others];
}

function missingFrom(
  needed: ReadonlyMap<string, readonly NeededColumn[]>,
  found: readonly (readonly Column[] | null)[],
): MissingColumns {
  const missing = Array.from(needed, ([table, columns], index) => {
    const present = new Set(found[index]?.map((column) => column.name));
    return columns
      .filter((column) => !present.has(column.name))
      .map((column) => ({ name: `${table}.${column.name}`, isIsolating: column.isIsolating }));
  }).flat();
  const names = (isIsolating: boolean) =>
    missing.filter((column) => column.isIsolating === isIsolating).map((column) => column.name);
  return { isolating: names(true), others: names(false) };
}
