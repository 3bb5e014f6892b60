import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Config } from '../../app/config/config.ts';
import { scopes } from '../../domains/session/model.ts';
import { linkTenantCommand } from '../tenant.ts';
import { createKeyCommand, type NewKey } from './key-commands.ts';
import {
  createTenantCommand,
  deleteTenantCommand,
  listTenantsCommand,
  renameTenantCommand,
} from './tenant-commands.ts';
import {
  createAdminCommand,
  createUserCommand,
  listUsersCommand,
  setActiveCommand,
  setPasswordCommand,
  type NewUser,
} from './user-commands.ts';

/** Runs a command with the configuration of the environment, and sets the exit code. */
type Run = (command: (config: Config) => Promise<number>) => Promise<void>;

const fromStandardInput = [
  '--password-stdin',
  'read the password from standard input (by default a terminal prompts for it; elsewhere a token to choose one is printed)',
] as const;

/** Adds the commands that administer the platform: admin, user, tenant and key. */
export function addAdministration(program: Command, run: Run): void {
  addAdmins(program, run);
  addUsers(program, run);
  addTenants(program, run);
  addKeys(program, run);
}

function addAdmins(program: Command, run: Run): void {
  program
    .command('admin')
    .description('administer platform admins')
    .command('create')
    .description(
      'make an account an admin of the platform and an owner of a tenant; both are created if missing',
    )
    .requiredOption('--email <address>', 'email address')
    .requiredOption('--tenant <slug>', 'slug of the tenant')
    .option('--name <name>', 'name of the person')
    .option(...fromStandardInput)
    .action((options: NewUser & { name?: string }) => run((config) => createAdminCommand(config, options)));
}

function addUsers(program: Command, run: Run): void {
  const user = program.command('user').description('administer accounts');
  user
    .command('create')
    .description('create an account with a membership')
    .requiredOption('--email <address>', 'email address')
    .requiredOption('--tenant <slug>', 'slug of the tenant')
    .addOption(
      new Option('--role <role>', 'role in the tenant')
        .choices(['OWNER', 'ADMIN', 'MEMBER', 'GUEST'])
        .default('MEMBER'),
    )
    .option('--first-name <name>', 'given name')
    .option('--last-name <name>', 'family name')
    .option(...fromStandardInput)
    .action((options: NewUser) => run((config) => createUserCommand(config, options)));
  user
    .command('list')
    .description('list accounts with their tenants')
    .option('--tenant <slug>', 'only the members of this tenant')
    .action(({ tenant = null }: { tenant?: string | null }) =>
      run((config) => listUsersCommand(config, tenant)),
    );
  user
    .command('password')
    .description('set a password, which ends all sessions of the account')
    .argument('<address>', 'email address')
    .option(...fromStandardInput)
    .action((email: string, { passwordStdin = false }: { passwordStdin?: boolean }) =>
      run((config) => setPasswordCommand(config, { email, passwordStdin })),
    );
  addActivity(user, run);
}

function addActivity(user: Command, run: Run): void {
  for (const [name, isActive] of [
    ['disable', false],
    ['enable', true],
  ] as const) {
    user
      .command(name)
      .description(`${name} an account in all tenants`)
      .argument('<address>', 'email address')
      .action((email: string) => run((config) => setActiveCommand(config, email, isActive)));
  }
}

function addTenants(program: Command, run: Run): void {
  const tenant = program.command('tenant').description('administer tenants');
  tenant
    .command('create')
    .description('create a tenant')
    .argument('<slug>', 'unique short name')
    .option('--name <name>', 'display name (by default the slug)')
    .action((slug: string, { name = slug }: { name?: string }) =>
      run((config) => createTenantCommand(config, slug, name)),
    );
  tenant
    .command('list')
    .description('list tenants')
    .action(() => run(listTenantsCommand));
  tenant
    .command('rename')
    .description('change the slug or the name of a tenant')
    .argument('<slug>', 'slug of the tenant')
    .option('--slug <slug>', 'new slug')
    .option('--name <name>', 'new display name')
    .action((slug: string, changes: { slug?: string; name?: string }) =>
      run((config) => renameTenantCommand(config, slug, changes)),
    );
  tenant
    .command('delete')
    .description('delete a tenant with all its data')
    .argument('<slug>', 'slug of the tenant')
    .requiredOption('--confirm <slug>', 'the slug again')
    .action((slug: string, { confirm }: { confirm: string }) =>
      run((config) => deleteTenantCommand(config, slug, confirm)),
    );
  addLink(tenant, run);
}

function addLink(tenant: Command, run: Run): void {
  tenant
    .command('link')
    .description('link a tenant to an organisation of the identity provider')
    .argument('<slug>', 'slug of the tenant')
    .argument('<organisation>', 'id of the organisation at the provider; slug:… where it has none')
    .option('--replace', 'also when the tenant is linked to another organisation', false)
    .action((tenantSlug: string, organisationId: string, { replace }: { replace: boolean }) =>
      run((config) => linkTenantCommand(config, { tenantSlug, organisationId, isReplacing: replace })),
    );
}

function addKeys(program: Command, run: Run): void {
  program
    .command('key')
    .description('administer API keys')
    .command('create')
    .description('create an API key of a member and print its secret')
    .requiredOption('--user <address>', 'email address of the member')
    .requiredOption('--tenant <slug>', 'slug of the tenant')
    .requiredOption('--name <name>', 'name of the key')
    .addOption(
      new Option('--scopes <scopes>', `separated by commas: ${scopes.join(', ')}`)
        .default(['read', 'write'], 'read,write')
        .argParser((text) => text.split(',').map((scope) => scope.trim())),
    )
    .addOption(
      new Option('--expires <time>', 'time of expiry, such as 2030-01-01')
        .argParser(timeOf)
        .default(null, 'never'),
    )
    .action(({ expires, ...key }: Omit<NewKey, 'expiresAt'> & { expires: Date | null }) =>
      run((config) => createKeyCommand(config, { ...key, expiresAt: expires })),
    );
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('It must be a time such as 2030-01-01.');
  return time;
}
