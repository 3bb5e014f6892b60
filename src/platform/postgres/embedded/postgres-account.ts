import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Who PostgreSQL runs as, where that is not who Parley runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Null for an ordinary user, who can run PostgreSQL himself. PostgreSQL refuses to run as root: there it is
 * the system user `postgres`, who is created when the machine has none.
 */
export async function findPostgresAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const existing = await lookUp('postgres');
  if (existing !== null) return existing;
  await createUser('postgres');
  return await lookUp('postgres');
}

/** Whether the account can reach the folder; a folder above it, such as /root, may shut it out. */
export async function canEnter(account: Account | null, folder: string): Promise<boolean> {
  if (account === null) return true;
  // The kernel is asked, in the account's own name: mode bits alone don't know of access control lists.
  return await run('test', ['-x', folder], { ...account, cwd: '/' }).then(
    () => true,
    () => false,
  );
}

async function lookUp(name: string): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    // `id` says by failing that there is no such user.
    return null;
  }
}

async function createUser(name: string): Promise<void> {
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      name,
    ]);
  } catch (error) {
    // Of two processes that create the user at once, one fails although the user is there.
    if ((await lookUp(name)) !== null) return;
    throw new Error(
      `PostgreSQL does not run as root, and the user \`${name}\` could not be created. ` +
        'Create that user, run Parley as an ordinary user, or set DATABASE_URL.',
      { cause: error },
    );
  }
}
