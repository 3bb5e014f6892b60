import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runParley, startParley } from '../support/parley.ts';
import { createTestDatabase } from '../support/postgres.ts';

const password = 'correct horse battery';
let databaseUrl: string;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await createTestDatabase();
  databaseUrl = database.url;
  drop = () => database.drop();
});
afterAll(() => drop());

const parley = (args: string, input = '') =>
  runParley(args.split(' '), { DATABASE_URL: databaseUrl, NODE_ENV: 'production', PORT: '0' }, input);

async function query(url: string, text: string, token?: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query: text }),
  });
  const answer: unknown = await response.json();
  return answer;
}

describe('administration on an empty production database', { timeout: 120_000 }, () => {
  it('has a first admin, tenants, users and keys by commands alone', async () => {
    const admin = await parley(
      'admin create --email root@example.org --tenant acme --name Root --password-stdin',
      `${password}\n`,
    );
    expect([admin.code, admin.output]).toEqual([
      0,
      'root@example.org is an admin of the platform and an owner of acme now.\n',
    ]);

    expect((await parley('tenant create globex --name Globex')).code).toBe(0);
    expect((await parley('tenant create globex')).errors).toContain('The slug globex is taken.');
    const user = await parley(
      'user create --email ada@example.org --tenant globex --first-name Ada --password-stdin',
      password,
    );
    expect(user.output).toBe('ada@example.org is a member of globex now.\n');
    const weak = await parley(
      'user create --email eve@example.org --tenant globex --password-stdin',
      'password',
    );
    expect([weak.code, weak.errors]).toEqual([1, expect.stringContaining('is a common password')]);
    const invited = await parley('user create --email grace@example.org --tenant globex --role ADMIN');
    expect(invited.output).toMatch(/^parley_once_[\w-]{43}$/m);

    expect((await parley('user list')).output.split('\n')).toEqual([
      'root@example.org  (platform admin)  acme',
      'ada@example.org  globex',
      'grace@example.org  (no password)  globex',
      '',
    ]);
    const key = await parley('key create --user ada@example.org --tenant globex --name robot --scopes read');
    expect(key.output).toMatch(/^parley_key_[\w-]{43}\n$/);
    expect((await parley('user disable grace@example.org')).code).toBe(0);
    expect((await parley('user disable root@example.org')).errors).toContain('needs an active admin');
    expect((await parley('tenant rename globex --slug globex-2 --name Globex-2')).code).toBe(0);
    expect((await parley('tenant list')).output).toBe('acme  acme\nglobex-2  Globex-2\n');
    expect((await parley('tenant delete globex-2 --confirm other')).code).toBe(1);

    const answers = await answersOf(key.output.trim());
    expect(answers).toEqual({
      signedIn: { signIn: { user: { displayName: 'Root' } } },
      byKey: { tenant: { slug: 'globex-2' } },
    });
    expect((await parley('tenant delete globex-2 --confirm globex-2')).output).toContain('is deleted');
    expect((await parley('tenant list')).output).toBe('acme  acme\n');
  });

  it('is missed by serve, which logs that there is no admin', async () => {
    const empty = await createTestDatabase();
    const child = startParley(['serve'], { DATABASE_URL: empty.url, NODE_ENV: 'production', PORT: '0' });
    let output = '';
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        if (String(chunk).includes('listening')) resolve();
      });
    });
    child.kill('SIGINT');
    await new Promise((resolve) => child.once('close', resolve));
    await empty.drop();

    expect(output.match(/no platform admin: create one with parley admin create/g)).toHaveLength(1);
  });
});

/** The answers of a server to the admin's password and to a key. */
async function answersOf(key: string) {
  const child = startParley(['serve'], { DATABASE_URL: databaseUrl, NODE_ENV: 'production', PORT: '0' });
  const url = await new Promise<string>((resolve) => {
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      const [found] = /http:\/\/\S+\/graphql/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  try {
    const input = `{ email: "root@example.org", password: "${password}" }`;
    const signedIn = await query(url, `mutation { signIn(input: ${input}) { user { displayName } } }`);
    const byKey = await query(url, '{ tenant { slug } }', key);
    return { ...data(signedIn, 'signedIn'), ...data(byKey, 'byKey') };
  } finally {
    child.kill('SIGINT');
    await new Promise((resolve) => child.once('close', resolve));
  }
}

function data(answer: unknown, name: string): Record<string, unknown> {
  return { [name]: typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : answer };
}
