import { setTimeout as delay } from 'node:timers/promises';
import { text as textOf } from 'node:stream/consumers';
import { DatabaseError } from 'pg';
import type { Config } from '../../app/config/config.ts';
import { createStatisticsQueries } from '../../domains/statistics/queries.ts';
import { findEmbeddedPostgres } from '../../platform/postgres/embedded/embedded.ts';
import { openDatabase } from '../../platform/postgres/open-database.ts';
import { Refusal } from '../../platform/errors.ts';
import { createLogger } from '../../platform/telemetry/logger.ts';
import { databaseSections, type Reading } from './database-sections.ts';
import { NotReachable, type ServerAddress } from './query-server.ts';
import { isWarning, render } from './render.ts';
import { views, type Section, type View } from './section.ts';
import { authSection, cacheSection } from './server-sections.ts';

/** The options of `parley monitor`. */
export interface MonitorOptions {
  readonly view: View | 'all';
  /** The seconds between two readings; null for one reading. */
  readonly watchSeconds: number | null;
  readonly json: boolean;
  readonly color: boolean;
  /** The endpoint of the running server; by default the address that this configuration listens on. */
  readonly url: string | undefined;
  /** The token of a platform admin; `-` reads it from standard input, where other users can't see it. */
  readonly token: string | undefined;
}

const exitCodes = { noActionNeeded: 0, actionNeeded: 1, notReachable: 2 } as const;

// An undefined function, table or column: the database is older than this code.
const unknownNames: readonly string[] = ['42883', '42P01', '42703'];

/**
 * Shows the state of the database and of a running server, once or periodically until it is interrupted.
 * @returns the exit code: 1 when action is needed, 2 when a source could not be reached
 */
export async function monitorCommand(config: Config, options: MonitorOptions): Promise<number> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const server = await serverAddress(config, options);
    let code = await readAndShow(config, options, server);
    while (options.watchSeconds !== null && (await pause(options.watchSeconds, interruption.signal))) {
      code = await readAndShow(config, options, server);
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

/** Resolves with false when the signal is aborted. */
async function pause(seconds: number, signal: AbortSignal): Promise<boolean> {
  return await delay(seconds * 1000, true, { signal }).catch(() => false);
}

async function readAndShow(
  config: Config,
  options: MonitorOptions,
  server: ServerAddress | null,
): Promise<number> {
  try {
    const sections = await read(config, options, server);
    show(sections, options);
    if (sections.some(({ isUnknown }) => isUnknown === true)) return exitCodes.notReachable;
    return warningsIn(sections).length > 0 ? exitCodes.actionNeeded : exitCodes.noActionNeeded;
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === null) throw error;
    console.error(`parley monitor: ${reason}`);
    return exitCodes.notReachable;
  }
}

async function read(
  config: Config,
  { view }: MonitorOptions,
  server: ServerAddress | null,
): Promise<readonly Section[]> {
  if (view === 'cache') return [await cacheSection(server, true)];
  // Each reading opens the database anew: an embedded server may have restarted on another port.
  const url = config.database.url ?? (await findEmbeddedPostgres(config.database.dataDirectory));
  if (url === null) {
    throw new NotReachable(
      `No PostgreSQL runs on ${config.database.dataDirectory}: start \`parley serve\`, or set DATABASE_URL.`,
    );
  }
  const logger = createLogger({ level: 'silent' });
  const database = openDatabase({ url, steadySize: 0, overflowSize: 2, logger });
  try {
    const { cleanUpIntervalMs } = config;
    const reading = { queries: createStatisticsQueries(database), at: new Date(), cleanUpIntervalMs };
    const sections = sectionsOf(reading, server);
    return await Promise.all((view === 'all' ? views : [view]).map((each) => sections[each]()));
  } finally {
    await database.close();
  }
}

function sectionsOf(
  reading: Reading,
  server: ServerAddress | null,
): Readonly<Record<View, () => Promise<Section>>> {
  return {
    ...databaseSections(reading),
    cache: () => cacheSection(server, false),
    auth: () => authSection(reading, server),
  };
}

/** Returns why a source could not be reached; null for a defect of this program. */
function reasonOf(error: unknown): string | null {
  if (error instanceof NotReachable) return error.message;
  if (error instanceof DatabaseError && unknownNames.includes(error.code ?? '')) {
    return `The database is older than this version of Parley (${error.message}): run \`parley migrate\`.`;
  }
  if (error instanceof DatabaseError) return `The database refused: ${error.message}.`;
  if (!(error instanceof Refusal)) return null;
  const { cause } = error;
  return `The database does not respond: ${cause instanceof Error ? cause.message : error.message}`;
}

function show(sections: readonly Section[], { view, json, color, watchSeconds }: MonitorOptions): void {
  const { stdout } = process;
  if (json) {
    // One line per reading with --watch, so that a program can follow.
    stdout.write(`${JSON.stringify(reportOf(sections), null, watchSeconds === null ? 2 : undefined)}\n`);
    return;
  }
  if (watchSeconds !== null && stdout.isTTY) stdout.write('\u001B[2J\u001B[H');
  if (watchSeconds !== null) stdout.write(`parley monitor ${view}, ${new Date().toISOString()}\n\n`);
  // `hasColors` is false where NO_COLOR is set.
  const isColoured = color && stdout.isTTY && stdout.hasColors();
  stdout.write(render(sections, { isColoured, width: stdout.isTTY ? stdout.columns : null }));
}

function reportOf(sections: readonly Section[]) {
  return {
    checkedAt: new Date().toISOString(),
    actionNeeded: warningsIn(sections).length > 0,
    notReached: sections.filter(({ isUnknown }) => isUnknown === true).map(({ view }) => view),
    sections: Object.fromEntries(
      sections.map(({ view, tables, notes = [], findings = [] }) => [
        view,
        { ...Object.fromEntries(tables.map(({ name, rows }) => [name, rows])), findings, notes },
      ]),
    ),
  };
}

function warningsIn(sections: readonly Section[]) {
  return sections.flatMap(({ findings = [] }) => findings.filter(isWarning));
}
