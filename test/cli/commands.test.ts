import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runParley, startParley } from '../support/parley.ts';
import type { Answer } from '../support/test-app.ts';

/** A server that has said where it answers, and with which token of an admin. */
interface Served {
  readonly process: ChildProcess;
  readonly url: string;
  readonly token: string;
}

describe('parley', { timeout: 60_000 }, () => {
  let dataDirectory: string;
  const environment = () => ({ DATA_DIRECTORY: dataDirectory, PORT: '0', LOG_LEVEL: 'error' });

  beforeAll(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'parley-cli-'));
    await chmod(dataDirectory, 0o755);
  });
  afterAll(() => rm(dataDirectory, { recursive: true, force: true }));

  it('serve: with empty data fills in the demo, loses nothing when killed, and stops on SIGTERM', async () => {
    const first = await serve(environment());
    const sent = await ask(
      first,
      `mutation { createConversation(input: { title: "Before the crash" }) { conversation { id } } }`,
    );
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');

    const second = await serve(environment());
    const { id } = sent.createConversation.conversation;
    const beside = await runParley(['token', '--user', 'grace@acme.example'], environment());
    const found = await ask(second, `{ conversation(id: "${id}") { title } viewer { displayName } }`);
    const asMember = await ask({ ...second, token: beside.output.trim() }, '{ viewer { displayName } }');
    second.process.kill('SIGTERM');
    const [code] = await once(second.process, 'exit');

    expect(found).toEqual({
      conversation: { title: 'Before the crash' },
      viewer: { displayName: 'Ada Lindgren' },
    });
    expect(beside.code).toBe(0);
    expect(asMember.viewer.displayName).toBe('Grace Petrov');
    expect(code).toBe(0);
  });

  it('serve: reports that the port is in use, and exits 1', async () => {
    const first = await serve(environment());
    const { port } = new URL(first.url);
    const second = await runParley(['serve'], { ...environment(), PORT: port });
    first.process.kill('SIGTERM');
    await once(first.process, 'exit');

    expect(second.code).toBe(1);
    expect(second.errors).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
  });

  it('reports all configuration errors together', async () => {
    const { code, errors } = await runParley(['serve'], {
      PORT: 'x',
      SESSION_TTL: '0',
      DATABASE_URL: 'mysql://x',
    });

    expect(code).toBe(1);
    expect(errors).toMatch(/PORT: .*\nDATABASE_URL: .*\nSESSION_TTL: /);
  });

  it('requires DATABASE_URL in production', async () => {
    const { code, errors } = await runParley(['serve'], { NODE_ENV: 'production' });

    expect(code).toBe(1);
    expect(errors).toContain('DATABASE_URL');
  });

  it.each([
    [['token', '--user', 'nobody@example.org'], 'There is no active user nobody@example.org.'],
    [['token', '--user', 'grace@acme.example', '--tenant', 'lumen'], 'is not an active member of lumen'],
    [['tenant', 'link', 'no-such-tenant', 'org_1'], 'There is no tenant with the slug no-such-tenant.'],
    [['tenant', 'link', 'acme', ' org_1'], 'The id of an organisation must have 2 to 255 characters'],
    [['import', 'no-such-file.jsonl'], 'no-such-file.jsonl'],
    [['serve', '--warm', '0'], 'It must be a whole number from 1 to 10000.'],
    [['frobnicate'], "unknown command 'frobnicate'"],
  ])('refuses %j', async (args, message) => {
    const { code, errors } = await runParley(args, environment());

    expect(code).toBe(1);
    expect(errors).toContain(message);
  });

  it('links a tenant to an organisation, and refuses another one', async () => {
    const link = async (...args: string[]) => {
      const { code, output, errors } = await runParley(['tenant', 'link', ...args], environment());
      return { code, text: output + errors };
    };
    const first = await link('acme', 'org_1');
    const second = await link('acme', 'org_2');
    const taken = await link('lumen', 'org_1');

    expect(first).toEqual({ code: 0, text: 'Tenant acme is linked to organisation org_1 now.\n' });
    expect(second.code).toBe(1);
    expect(second.text).toContain('Tenant acme is linked to organisation org_1 already; add --replace');
    expect(taken).toEqual({
      code: 1,
      text: 'parley: Organisation org_1 is linked to tenant acme already.\n',
    });
  });

  it('migrate --status: reports the state of the tables', async () => {
    const { code, output } = await runParley(['migrate', '--status'], environment());

    expect({ code, output }).toEqual({ code: 0, output: 'The database is up to date.\n' });
  });
});

async function serve(environment: Readonly<Record<string, string>>): Promise<Served> {
  const child = startParley(['serve'], environment);
  let output = '';
  while (!/, member: .*\n/.test(output)) {
    const [chunk] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}.`);
    output += String(chunk);
  }
  const url = /http:\/\/\S+\/graphql/.exec(output)?.[0] ?? '';
  return { process: child, url, token: /parley_session_\S+/.exec(output)?.[0] ?? '' };
}

async function ask({ url, token }: Pick<Served, 'url' | 'token'>, query: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors }: Answer = JSON.parse(await response.text());
  expect(errors).toBeUndefined();
  return data;
}
