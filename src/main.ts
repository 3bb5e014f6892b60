#!/usr/bin/env node
import { availableParallelism } from 'node:os';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { addAdministration } from './cli/administration/commands.ts';
import { importCommand } from './cli/import.ts';
import { migrateCommand } from './cli/migrate.ts';
import { monitorCommand, type MonitorOptions } from './cli/monitor/monitor.ts';
import { views } from './cli/monitor/views.ts';
import { seedCommand } from './cli/seed.ts';
import { serveCommand } from './cli/serve/serve.ts';
import { tokenCommand } from './cli/token.ts';
import { InvalidConfiguration, readConfig, type Config } from './app/config/config.ts';
import { peopleMax } from './domains/operations/warming.ts';

/** A bound, because each worker has its own database connections. */
const workersMax = 64;

const program = new Command('parley')
  .description('A GraphQL API server for multi-tenant chat products.')
  .showHelpAfterError();

program
  .command('serve')
  .description('start the server, with an embedded PostgreSQL unless DATABASE_URL is set')
  .addOption(
    new Option(
      '--warm [users]',
      'warm the caches first, for the n most recently active users (1000 by default)',
    )
      .preset('1000')
      .argParser(countOfUsers),
  )
  .addOption(
    new Option('--workers [count]', 'run n processes on one port (one per core by default)')
      .preset(String(availableParallelism()))
      .argParser(countOfWorkers),
  )
  .action(({ warm = 0, workers = 1 }: { warm?: number; workers?: number }) =>
    run((config) => serveCommand(config, { warm, workers })),
  );

program
  .command('migrate')
  .description('apply pending migrations')
  .option('--status', 'only show the status; exit with 1 when migrations are pending or failed')
  .option('--retry <name>', 'retry a failed migration after its cause is fixed')
  .action(({ status = false, ...options }: { status?: boolean; retry?: string }) =>
    run((config) => migrateCommand(config, { status, ...options })),
  );

program
  .command('seed')
  .description('add demo data (idempotent)')
  .addOption(
    new Option('--size <size>', 'amount of data').choices(['small', 'large'] as const).default('small'),
  )
  .action((options: { size: 'small' | 'large' }) => run((config) => seedCommand(config, options.size)));

program
  .command('import')
  .description('import conversations, one JSON object per line (idempotent)')
  .argument('<file...>', 'JSON lines, plain or gzipped; - is standard input')
  .action((files: string[]) => run((config) => importCommand(config, files)));

program
  .command('token')
  .description('create a session for a user and print its token')
  .requiredOption(
    '--user <email>',
    'email address of the user, or an external ID such as import:<tenant>:<author>',
  )
  .option('--tenant <slug>', 'slug of the tenant (by default the tenant that the user joined first)')
  .action((options: { user: string; tenant?: string }) =>
    run((config) => tokenCommand(config, { user: options.user, tenantSlug: options.tenant ?? null })),
  );

addAdministration(program, run);

program
  .command('monitor')
  .description('show the state of the database and a running server; exit with 1 when action is needed')
  .addArgument(new Argument('[view]', 'view to show').choices([...Object.keys(views), 'all']).default('all'))
  .addOption(
    new Option('--watch [seconds]', 'repeat every n seconds (5 by default)')
      .preset('5')
      .argParser(secondsBetween),
  )
  .option('--json', 'print JSON; with --watch one line per reading', false)
  .option('--no-color', 'disable colours, as NO_COLOR does')
  .option(
    '--url <url>',
    'endpoint of the server, for its counters (by default the address of this configuration)',
  )
  .option('--token <token>', 'token of a platform admin, for the counters; - reads it from standard input')
  .action(
    (
      view: MonitorOptions['view'],
      options: Omit<MonitorOptions, 'view' | 'watchSeconds'> & { watch?: number },
    ) => run((config) => monitorCommand(config, { ...options, view, watchSeconds: options.watch ?? null })),
  );

await program.parseAsync();

function secondsBetween(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.5 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('It must be a number of seconds from 0.5 to 86400.');
}

function countOfUsers(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= peopleMax) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${peopleMax}.`);
}

function countOfWorkers(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= workersMax) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${workersMax}.`);
}

/** Sets the exit code from the command's result, and prints an error as one line. */
async function run(command: (config: Config) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command(readConfig(process.env));
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof InvalidConfiguration)
      console.error(`The configuration is invalid:\n${error.message}`);
    else console.error(error instanceof Error ? `parley: ${error.message}` : error);
  }
}
