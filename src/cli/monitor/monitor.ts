import { setTimeout as delay } from 'node:timers/promises';
import { text as textOf } from 'node:stream/consumers';
import { DatabaseError } from 'pg';
import type { Config } from '../../app/config/config.ts';
import { createStatisticsQueries } from '../../domains/statistics/queries.ts';
import { findEmbeddedPostgres } from '../../platform/postgres/embedded/embedded.ts';
import { openDatabase } from '../../platform/postgres/open-database.ts';
import { Refusal } from '../../platform/errors.ts';
import { createLogger } from '../../platform/telemetry/logger.ts';
import { authSection } from './auth-section.ts';
import { NotReachable, type ServerAddress } from './ask-server.ts';
import { cacheSection } from './cache-section.ts';
import { databaseSections, type Look } from './database-sections.ts';
import { isWarning, render } from './render.ts';
import { views, type Section, type View } from './section.ts';

/** What `parley monitor` was asked to show, and how. */
export interface MonitorOptions {
  readonly view: View | 'all';
  /** Seconds between two looks; null for one look. */
  readonly watchSeconds: number | null;
  readonly json: boolean;
  readonly color: boolean;
  /** Where the running server answers; absent, where this configuration would have it listen. */
  readonly url: string | undefined;
  /** An admin's of the platform; `-` reads it from standard input, where other people can't see it. */
  readonly token: string | undefined;
}

/** The exit codes: nothing needs a person, something does, or it could not be told. */
const exitCodes = { well: 0, needsAPerson: 1, notReachable: 2 } as const;

// An undefined function, table or column: the database is older than this code.
const unknownNames: readonly string[] = ['42883', '42P01', '42703'];

/**
 * Shows what the database and a running server are doing, once or again and again until it is interrupted.
 * @returns the exit code: 1 when something needs a person, 2 when something could not be looked at
 */
export async function monitorCommand(config: Config, options: MonitorOptions): Promise<number> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const server = await serverAddress(config, options);
    let code = await lookOnce(config, options, server);
    while (options.watchSeconds !== null && (await pause(options.watchSeconds, interruption.signal))) {
      code = await lookOnce(config, options, server);
    }
    return code;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

async function serverAddress(config: Config, { url, token }: MonitorOptions): Promise<ServerAddress | null> {
  if (token === undefined) return null;
  return {
    url: url ?? `http://${config.host}:${config.port}/graphql`,
    token: token === '-' ? (await textOf(process.stdin)).trim() : token,
  };
}

/** False once it is interrupted. */
async function pause(seconds: number, signal: AbortSignal): Promise<boolean> {
  return await delay(seconds * 1000, true, { signal }).catch(() => false);
}

async function lookOnce(
  config: Config,
  options: MonitorOptions,
  server: ServerAddress | null,
): Promise<number> {
  try {
    const sections = await look(config, options, server);
    show(sections, options);
    if (sections.some(({ isUnknown }) => isUnknown === true)) return exitCodes.notReachable;
    return sections.some(({ findings }) => findings.some(isWarning))
      ? exitCodes.needsAPerson
      : exitCodes.well;
  } catch (error) {
    const notReachable = toNotReachable(error);
    if (notReachable === null) throw error;
    console.error(`parley monitor: ${notReachable.message}`);
    return exitCodes.notReachable;
  }
}

async function look(
  config: Config,
  { view }: MonitorOptions,
  server: ServerAddress | null,
): Promise<readonly Section[]> {
  // In `all` there is a rest that is worth showing; here there is none.
  if (view === 'cache') return [await cacheSection(server, { isUnknown: server === null })];
  // Each look opens anew: the embedded server may have come back under another port.
  const url = config.database.url ?? (await findEmbeddedPostgres(config.database.dataDirectory));
  if (url === null) {
    throw new NotReachable(
      `No PostgreSQL runs on ${config.database.dataDirectory}; \`parley serve\` starts one, and DATABASE_URL names another.`,
    );
  }
  const logger = createLogger({ level: 'silent' });
  const database = openDatabase({ url, steadySize: 0, overflowSize: 2, logger });
  try {
    const queries = createStatisticsQueries(database);
    const at = new Date();
    return await sectionsOf(view, { queries, at, cleanUpIntervalMs: config.cleanUpIntervalMs }, server);
  } finally {
    await database.close();
  }
}

async function sectionsOf(
  view: View | 'all',
  look: Look,
  server: ServerAddress | null,
): Promise<readonly Section[]> {
  const sections: Readonly<Record<View, () => Promise<Section>>> = {
    ...databaseSections(look),
    cache: () => cacheSection(server, { isUnknown: false }),
    auth: () => authSection(look, server),
  };
  const shown = view === 'all' ? views : [view];
  return await Promise.all(shown.map((each) => sections[each]()));
}

/** What says that the database could not be looked at; null for a defect of this program. */
function toNotReachable(error: unknown): NotReachable | null {
  if (error instanceof NotReachable) return error;
  if (error instanceof DatabaseError && unknownNames.includes(error.code ?? '')) {
    return new NotReachable(
      `The database is older than this version of Parley (${error.message}): run \`parley migrate\`.`,
    );
  }
  if (error instanceof DatabaseError) return new NotReachable(`The database refuses: ${error.message}.`);
  if (!(error instanceof Refusal)) return null;
  const { cause } = error;
  return new NotReachable(
    `The database does not answer: ${cause instanceof Error ? cause.message : error.message}`,
  );
}

function show(sections: readonly Section[], { view, json, color, watchSeconds }: MonitorOptions): void {
  const { stdout } = process;
  if (json) {
    // One line for each look, so that a program can follow.
    stdout.write(`${JSON.stringify(reportOf(sections), null, watchSeconds === null ? 2 : undefined)}\n`);
    return;
  }
  const isWatched = watchSeconds !== null && stdout.isTTY;
  if (isWatched) stdout.write('\u001B[2J\u001B[H');
  if (watchSeconds !== null) stdout.write(`parley monitor ${view}, ${new Date().toISOString()}\n\n`);
  stdout.write(
    render(sections, {
      // It also says no where NO_COLOR is set.
      isColoured: color && stdout.isTTY && stdout.hasColors(),
      width: stdout.isTTY ? stdout.columns : null,
    }),
  );
}

function reportOf(sections: readonly Section[]) {
  const findings = sections.flatMap((section) => section.findings);
  return {
    checkedAt: new Date().toISOString(),
    needsAPerson: findings.some(isWarning),
    notReached: sections.filter(({ isUnknown }) => isUnknown === true).map(({ view }) => view),
    sections: Object.fromEntries(
      sections.map(({ view, tables, notes, findings: found }) => [
        view,
        { ...Object.fromEntries(tables.map(({ name, rows }) => [name, rows])), findings: found, notes },
      ]),
    ),
  };
}
