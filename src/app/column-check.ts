import type { Invalidation, InvalidationListener } from '../caching/coherence/coherence.ts';
import { Unavailable } from '../platform/errors.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { columnCatalogCache, type ColumnCatalog, type Column } from '../platform/postgres/column-catalog.ts';
import type { RequiredColumn } from '../platform/postgres/required-columns.ts';

/** Required columns that the database lacks, as `table.column`. */
export interface MissingColumnNames {
  /** Tenant isolation depends on these columns: without them, every request is rejected. */
  readonly isolating: readonly string[];
  /** The requests that read these columns fail; all others are answered. */
  readonly others: readonly string[];
}

/**
 * Thrown while the database lacks columns that tenant isolation depends on; the message names the columns.
 */
export class MissingColumns extends Error {
  constructor(columns: readonly string[]) {
    super(
      `The database lacks ${columns.join(', ')}, which isolate tenants. ` +
        'Every request is rejected until the columns are restored: run `parley migrate --status`.',
    );
  }
}

/**
 * Closes the server to requests while a column that tenant isolation depends on is missing. Requests use the
 * result of the last check, at no cost; checks run at start, in every readiness check, periodically and when
 * the catalog is invalidated.
 */
export class ColumnCheck implements InvalidationListener {
  /** True while an isolating column is missing, by the last check. */
  isClosed = false;
  readonly #columnCatalog: ColumnCatalog;
  readonly #required: ReadonlyMap<string, readonly RequiredColumn[]>;
  readonly #logger: Logger;
  #missing: MissingColumnNames = { isolating: [], others: [] };
  #checksStarted = 0;
  #latestFinished = 0;
  #checkBeforeRefusal: Promise<MissingColumnNames> | undefined;

  constructor(options: {
    readonly columnCatalog: ColumnCatalog;
    readonly required: ReadonlyMap<string, readonly RequiredColumn[]>;
    readonly logger: Logger;
  }) {
    this.#columnCatalog = options.columnCatalog;
    this.#required = options.required;
    this.#logger = options.logger;
  }

  /** The result of the last check. */
  get missing(): MissingColumnNames {
    return this.#missing;
  }

  /**
   * Compares the catalog with the required columns. @throws when the database does not answer; `missing`
   * stays as before
   */
  async check(): Promise<MissingColumnNames> {
    this.#checksStarted += 1;
    const check = this.#checksStarted;
    // A missing column is never cached for the ttl: after a repair, requests must be answered without delay.
    if (namesOf(this.#missing).length > 0) await this.#columnCatalog.forget();
    const found = await this.#columnCatalog.columnsOf([...this.#required.keys()]);
    // Checks may finish in another order than they started; an older result must not replace a newer one.
    if (check > this.#latestFinished) {
      this.#latestFinished = check;
      this.#conclude(missingFrom(this.#required, found));
    }
    return this.#missing;
  }

  /** Runs `check` and logs an error instead of throwing. */
  async checkInBackground(): Promise<void> {
    try {
      await this.check();
    } catch (error) {
      this.#logger.warn({ err: error }, 'could not read the columns of the database');
    }
  }

  /** Runs at start. @throws MissingColumns while a column that isolation depends on is missing */
  async requireIsolatingColumns(): Promise<void> {
    const { isolating } = await this.check();
    if (isolating.length > 0) throw new MissingColumns(isolating);
  }

  /**
   * Checks again before a request is rejected. All such requests share one check, so that the first request
   * after a repair is answered.
   * @throws Unavailable while an isolating column is missing
   */
  async requireOpen(): Promise<void> {
    this.#checkBeforeRefusal ??= this.check().finally(() => (this.#checkBeforeRefusal = undefined));
    const { isolating } = await this.#checkBeforeRefusal;
    if (isolating.length > 0) throw new Unavailable('The service is being repaired; try again later.');
  }

  /** Checks again after `migrate` or an admin has invalidated the catalog. */
  invalidated(invalidations: readonly Invalidation[]): void {
    const isConcerned = invalidations.some((each) => 'cache' in each && each.cache === columnCatalogCache);
    if (isConcerned) void this.checkInBackground();
  }

  /**
   * Does nothing: imports and reconnects clear all caches, but tables seldom change; the periodic check is
   * enough.
   */
  onGap(): void {}

  /** Checks periodically, for changes that were not announced; the returned function stops that. */
  watch(intervalMs: number): () => void {
    const timer = setInterval(() => void this.checkInBackground(), intervalMs).unref();
    return () => clearInterval(timer);
  }

  #conclude(missing: MissingColumnNames): void {
    const before = namesOf(this.#missing).join();
    this.#missing = missing;
    this.isClosed = missing.isolating.length > 0;
    if (namesOf(missing).join() === before) return;
    if (missing.isolating.length > 0)
      this.#logger.fatal(
        missing,
        'columns missing that tenant isolation depends on: every request is rejected',
      );
    else if (missing.others.length > 0)
      this.#logger.error(missing, 'columns missing: requests that read them fail');
    else this.#logger.info('missing columns restored');
  }
}

function namesOf({ isolating, others }: MissingColumnNames): readonly string[] {
  return [...isolating, ...others];
}

function missingFrom(
  required: ReadonlyMap<string, readonly RequiredColumn[]>,
  found: readonly (readonly Column[] | null)[],
): MissingColumnNames {
  const missing = Array.from(required, ([table, columns], index) => {
    const present = new Set(found[index]?.map((column) => column.name));
    return columns
      .filter((column) => !present.has(column.name))
      .map((column) => ({ name: `${table}.${column.name}`, isIsolating: column.isIsolating }));
  }).flat();
  const names = (isIsolating: boolean) =>
    missing.filter((column) => column.isIsolating === isIsolating).map((column) => column.name);
  return { isolating: names(true), others: names(false) };
}
