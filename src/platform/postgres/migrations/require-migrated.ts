import { MigrationError, migrationStatus } from './migrations.ts';

/**
 * Checks, without writing, that a database has exactly the migrations of this version.
 * @throws MigrationError with every difference
 */
export async function requireMigrated(url: string): Promise<void> {
  const { pending, failed, edited, unknown } = await migrationStatus(url);
  const misfits = [
    ...pending.map((name) => `${name} is not applied`),
    ...failed.map((name) => `${name} has failed`),
    ...edited.map((name) => `${name} was changed after it was applied`),
    ...unknown.map((name) => `${name} is unknown to this version`),
  ];
  if (misfits.length === 0) return;
  throw new MigrationError(
    `The database does not fit this version of Parley: ${misfits.join('; ')}. Run \`parley migrate\`.`,
  );
}
