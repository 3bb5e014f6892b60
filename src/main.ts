#!/usr/bin/env node
import { availableParallelism } from 'node:os';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { importCommand } from './cli/import.ts';
import { migrateCommand } from './cli/migrate.ts';
import { monitorCommand, type MonitorOptions } from './cli/monitor/monitor.ts';
import { views } from './cli/monitor/section.ts';
import { seedCommand } from './cli/seed.ts';
import { serveCommand } from './cli/serve/serve.ts';
import { linkTenantCommand } from './cli/tenant.ts';
import { tokenCommand } from './cli/token.ts';
import { InvalidConfiguration, readConfig, type Config } from './app/config/config.ts';
import { peopleMax } from './domains/operations/warming.ts';

/** Each has connections of its own to the database. */
const workersMax = 64;

const program = new Command('parley')
  .description('A GraphQL API server for multi-tenant chat products.')
  .showHelpAfterError();

program
  .command('serve')
  .description('answer requests, on an embedded PostgreSQL unless DATABASE_URL names another')
  .addOption(
    new Option(
      '--warm [people]',
      'fill the caches first, also for so many people who were here last; 1000 when no number is given',
    )
      .preset('1000')
      .argParser(countOfPeople),
  )
  .addOption(
    new Option(
      '--workers [count]',
      'answer with so many processes on one port; with one for each core when no number is given',
    )
      .preset(String(availableParallelism()))
      .argParser(countOfWorkers),
  )
  .action(({ warm = 0, workers = 1 }: { warm?: number; workers?: number }) =>
    run((config) => serveCommand(config, { warm, workers })),
  );

program
  .command('migrate')
  .description('bring the tables up to date')
  .option('--status', 'only say what is missing; exit code 1 when something is')
  .option('--retry <name>', 'try a migration again that has failed, once its cause is mended')
  .option(
    '--draft <name>',
    'write the migration that prisma/schema.prisma asks for, to be read and completed',
  )
  .action(({ status = false, ...options }: { status?: boolean; retry?: string; draft?: string }) =>
    run((config) => migrateCommand(config, { status, ...options })),
  );

program
  .command('seed')
  .description('fill in demo data; run again, it adds nothing')
  .addOption(
    new Option('--size <size>', 'how much of it').choices(['small', 'large'] as const).default('small'),
  )
  .action((options: { size: 'small' | 'large' }) => run((config) => seedCommand(config, options.size)));

program
  .command('import')
  .description('take in conversations, one JSON object a line; run again, it adds none twice')
  .argument('<file...>', 'JSON lines, plain or gzipped; - is standard input')
  .action((files: string[]) => run((config) => importCommand(config, files)));

program
  .command('token')
  .description('begin a session for somebody and print its token')
  .requiredOption('--user <email>', 'whose session; also an external id, such as import:<tenant>:<author>')
  .option('--tenant <slug>', 'in which tenant, by its slug; the one joined first when absent')
  .action((options: { user: string; tenant?: string }) =>
    run((config) => tokenCommand(config, { user: options.user, tenantSlug: options.tenant ?? null })),
  );

program
  .command('tenant')
  .description('administer tenants')
  .command('link')
  .description('link a tenant to an organisation of the identity provider')
  .argument('<slug>', 'slug of the tenant')
  .argument('<organisation>', 'id of the organisation at the provider; slug:… where it has none')
  .option('--replace', 'also when the tenant is linked to another organisation', false)
  .action((tenantSlug: string, organisationId: string, { replace }: { replace: boolean }) =>
    run((config) => linkTenantCommand(config, { tenantSlug, organisationId, isReplacing: replace })),
  );

program
  .command('monitor')
  .description('look at the database and a running server; exit code 1 when something needs a person')
  .addArgument(new Argument('[view]', 'what to look at').choices([...views, 'all'] as const).default('all'))
  .addOption(
    new Option('--watch [seconds]', 'look again and again; every 5 seconds when no number is given')
      .preset('5')
      .argParser(secondsBetween),
  )
  .option('--json', 'as JSON; with --watch one line for each look', false)
  .option('--no-color', 'without colours; so does NO_COLOR')
  .option(
    '--url <url>',
    'where the server answers, for its counters; where this configuration would listen when absent',
  )
  .option('--token <token>', 'of an admin of the platform, for the same; - reads it from standard input')
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

function countOfPeople(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= peopleMax) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${peopleMax}.`);
}

function countOfWorkers(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= workersMax) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${workersMax}.`);
}

/** A command answers its exit code; what it throws is told in one line. */
async function run(command: (config: Config) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command(readConfig(process.env));
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof InvalidConfiguration)
      console.error(`The configuration has faults:\n${error.message}`);
    else console.error(error instanceof Error ? `parley: ${error.message}` : error);
  }
}
