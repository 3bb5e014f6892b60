import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stickerDomain } from '../support/sticker-domain.ts';

// Follows all recipes of the README together in one copy of the source, because generating and compiling take
// longer than the rest.

const root = join(import.meta.dirname, '../..');
const codegen = 'node_modules/@graphql-codegen/cli/cjs/bin.js';
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'parley-recipes-'));
  for (const each of ['src', 'codegen.yml', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(join(root, each), join(copy, each), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

it('a computed field, a batched field, a list, a mutation, a domain and an error are added as the README says', () => {
  addComputedField();
  addBatchedField();
  addError();
  addDomainWithListAndMutation();

  expect(run('tsx', codegen, '--silent', '--config', 'codegen.yml')).toEqual({ status: 0, output: '' });
  expect(run('tsc', '-p', 'tsconfig.build.json')).toEqual({ status: 0, output: '' });
  expect(describeSchema()).toEqual({
    computed: 'String!',
    batched: true,
    list: 'StickerConnection!',
    listArguments: ['after', 'before', 'first', 'last'],
    isListBatched: true,
    payload: ['sticker', 'userErrors'],
    node: ['Sticker'],
  });
}, 180_000);

function addComputedField(): void {
  extend('src/domains/conversation/schema.graphql', 'type Conversation implements Node', [
    '  "First character of the title."',
    '  initial: String!',
  ]);
  extend('src/domains/conversation/resolvers.ts', 'export const Conversation', [
    '  initial: ({ title }) => title.slice(0, 1),',
  ]);
}

function addBatchedField(): void {
  extend('src/domains/conversation/schema.graphql', 'type Conversation implements Node', [
    '  "True if the viewer owns the conversation."',
    '  isOwn: Boolean!',
  ]);
  extend('src/domains/conversation/resolvers.ts', 'export const Conversation', [
    '  isOwn: batched(async (conversations, _args, { viewer }) =>',
    '    conversations.map(({ ownerId }) => ownerId === viewer?.userId)),',
  ]);
}

function addError(): void {
  const file = join(copy, 'src/platform/errors.ts');
  writeFileSync(
    file,
    `${readFileSync(file, 'utf8')}
export class StickerForbidden extends Refusal {
  constructor() {
    super('FORBIDDEN', 'Only the owner and tenant admins can sticker a conversation.');
  }
}
`,
  );
}

function addDomainWithListAndMutation(): void {
  for (const [name, text] of Object.entries(stickerDomain)) {
    const file = join(copy, 'src/domains/sticker', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  extend('src/graphql/domains.ts', 'export const domains', ['  sticker,']);
  const file = join(copy, 'src/graphql/domains.ts');
  writeFileSync(
    file,
    `import { sticker } from '../domains/sticker/domain.ts';\n${readFileSync(file, 'utf8')}`,
  );
}

/** Inserts lines behind the line that starts with `start`, which opens a block. */
function extend(path: string, start: string, added: readonly string[]): void {
  const file = join(copy, path);
  const lines = readFileSync(file, 'utf8').split('\n');
  const index = lines.findIndex((line) => line.startsWith(start));
  expect(index, `${path} has a line that starts with ${start}`).toBeGreaterThan(-1);
  writeFileSync(file, lines.toSpliced(index + 1, 0, ...added).join('\n'));
}

function run(command: string, ...args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(join(copy, 'node_modules/.bin', command), args, {
    cwd: copy,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

/** The new fields in the schema of the copy, as the compiled server would serve them. */
function describeSchema(): unknown {
  const script = `
    import { createSchema } from './dist/graphql/schema.js';
    const schema = createSchema();
    const fieldsOf = (type) => schema.getType(type).getFields();
    const { initial, isOwn, stickers } = fieldsOf('Conversation');
    console.log(JSON.stringify({
      computed: String(initial.type),
      batched: isOwn.extensions.batched !== undefined,
      list: String(stickers.type),
      listArguments: stickers.args.map(({ name }) => name).toSorted(),
      isListBatched: stickers.extensions.batched !== undefined,
      payload: Object.keys(fieldsOf('CreateStickerPayload')),
      node: schema.getPossibleTypes(schema.getType('Node')).map(({ name }) => name).filter((name) => name === 'Sticker'),
    }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: copy,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}
