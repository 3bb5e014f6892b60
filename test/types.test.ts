import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const fixture = 'test/fixtures/types/resolvers.ts';

it('the compiler rejects resolvers that fetch for one parent, and missing resolvers, access rules and domains', () => {
  const { stdout } = spawnSync('npx', ['tsc', '--project', 'test/fixtures/types', '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  const lines = readFileSync(join(root, fixture), 'utf8').split('\n');
  const refused = [...stdout.matchAll(/^test\/fixtures\/types\/resolvers\.ts\((\d+),/gm)].map(([, line]) =>
    exportAround(lines, Number(line)),
  );

  expect(stdout.replaceAll(/^test\/fixtures\/types\/resolvers\.ts.*$\n?|^ .*$\n?/gm, '')).toBe('');
  expect(new Set(refused)).toEqual(
    new Set([
      'promiseForOneParent',
      'loaderForOneParent',
      'fieldWithoutResolver',
      'uuidAsPublicId',
      'batchOfAnotherValue',
      'typeWithoutResolvers',
      'fieldOfAnotherDomain',
      'rootFieldWithoutRule',
      'domainWithoutLine',
    ]),
  );
}, 120_000);

/** The name of the export that a line (from 1) belongs to. */
function exportAround(lines: readonly string[], line: number): string | undefined {
  const above = lines.slice(0, line).toReversed();
  return above.map((text) => /^export const (\w+)/.exec(text)?.[1]).find((name) => name !== undefined);
}
