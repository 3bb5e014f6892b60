import { setTimeout as delay } from 'node:timers/promises';
import { text as textOf } from 'node:stream/consumers';
import { DatabaseError } from 'pg';
import type { Config } from '../../app/config/config.ts';
import { createStatisticsQueries, type StatisticsQueries } from '../../domains/statistics/queries.ts';
import { findEmbeddedPostgres } from '../../platform/postgres/embedded/embedded.ts';
import { openDatabase } from '../../platform/postgres/open-database.ts';
import { Refusal } from '../../platform/errors.ts';
import { createLogger } from '../../platform/telemetry/logger.ts';
import { NotReachable, type ServerAddress } from './query-server.ts';
import { isWarning, render } from './render.ts';
import { readSection, type Reading, type Section } from './view.ts';
import { views } from './views.ts';

type ViewName = keyof typeof views;

/** The options of `parley monitor`. */
export interface MonitorOptions {
  readonly view: ViewName | 'all';
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
    if (sections.some(({ isUnknown }) => isUnknown)) return exitCodes.notReachable;
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
  // Each reading opens the database again: an embedded server may have restarted on another port.
  const { dataDirectory } = config.database;
  const url = config.database.url ?? (await findEmbeddedPostgres(dataDirectory));
  if (url === null && view !== 'cache') {
    throw new NotReachable(
      `No PostgreSQL runs on ${dataDirectory}: start \`parley serve\`, or set DATABASE_URL.`,
    );
  }
  const logger = createLogger({ level: 'silent' });
  const database = openDatabase({
    ...config.database,
    // The view of the caches sends no statement, so that nothing connects.
    url: url ?? 'postgresql://localhost',
    steadySize: 0,
    overflowSize: 2,
    logger,
  });
  try {
    const reading = {
      queries: loadOnce(createStatisticsQueries(database)),
      at: new Date(),
      cleanUpIntervalMs: config.cleanUpIntervalMs,
      server,
      isServerRequired: view === 'cache',
    };
    const selected = Object.entries(views).filter(([name]) => view === 'all' || view === name);
    return await Promise.all(selected.map(([name, each]) => readSection(name, each, reading)));
  } finally {
    await database.close();
  }
}

/** Loads the analysis and the connections, which several tables share, once. */
function loadOnce(queries: StatisticsQueries): Reading['queries'] {
  let findings: ReturnType<StatisticsQueries['findings']> | null = null;
  let connections: ReturnType<StatisticsQueries['connections']> | null = null;
  return {
    ...queries,
    findings: () => (findings ??= queries.findings()),
    connections: () => (connections ??= queries.connections()),
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
    notReached: sections.filter(({ isUnknown }) => isUnknown).map(({ view }) => view),
    sections: Object.fromEntries(
      sections.map(({ view, tables, notes, findings }) => [
        view,
        { ...Object.fromEntries(tables.map(({ name, rows }) => [name, rows])), findings, notes },
      ]),
    ),
  };
}

function warningsIn(sections: readonly Section[]) {
  return sections.flatMap(({ findings }) => findings.filter(isWarning));
}
