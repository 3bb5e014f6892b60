import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKeys } from '../../../src/domains/identity/read-keys.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../../support/identity-provider.ts';

let provider: TestIdentityProvider;

beforeAll(async () => {
  provider = await startIdentityProvider();
});
afterAll(() => provider.close());

describe('a key set', () => {
  it('is read from a URL', async () => {
    provider.answer = 'well';

    expect(JSON.parse(await readKeys({ url: provider.jwksUrl }))).toEqual({
      keys: provider.keys.map(({ publicJwk }) => publicJwk),
    });
  });

  it('is read from a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'parley-keys-'));
    const file = join(directory, 'jwks.json');
    await writeFile(file, '{"keys":[]}');

    expect(await readKeys({ file })).toBe('{"keys":[]}');
    await rm(directory, { recursive: true });
    await expect(readKeys({ file })).rejects.toThrow('ENOENT');
  });

  it.each(['with an error', 'elsewhere', 'too much', 'never'] as const)(
    'is rejected when the provider answers %s',
    async (answer) => {
      provider.answer = answer;

      await expect(readKeys({ url: provider.jwksUrl }, 200)).rejects.toThrow();
    },
  );
});
