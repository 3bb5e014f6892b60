import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folders = ['docs', 'bench', 'src', 'test'];
const files = [...readdirSync(root).filter((name) => name.endsWith('.md')), ...folders.flatMap(markdownIn)];
const links = files.flatMap(linksOf);

describe('a link in the documentation', () => {
  it('finds links in all documents', () => {
    expect(files).toContain('docs/decisions/0001-order-messages-by-a-position-not-by-time.md');
    expect(links.length).toBeGreaterThan(25);
    expect(links.filter(({ anchor }) => anchor !== null).length).toBeGreaterThan(3);
  });

  it('leads to an existing file', () => {
    expect(links.filter(({ to }) => !existsSync(join(root, to)))).toEqual([]);
  });

  it('leads to an existing heading', () => {
    const broken = links.filter(
      ({ to, anchor }) =>
        anchor !== null && existsSync(join(root, to)) && !anchorsOf(readText(to)).includes(anchor),
    );

    expect(broken).toEqual([]);
  });
});

describe('the licence section of the README', () => {
  it('names every dependency beside its licence', () => {
    const [, section = ''] = readText('README.md').split('## Licence\n');
    const rows = [...section.matchAll(/^\| ([\w.-]+) \| (`.*`) \|$/gm)];
    const named = rows.flatMap(([, licence, packages = '']) =>
      packages.split(', ').map((name) => [name.replaceAll('`', ''), licence]),
    );
    const dependencies = Object.keys(JSON.parse(readText('package.json')).dependencies);

    expect(Object.fromEntries(named)).toEqual(
      Object.fromEntries(dependencies.map((name) => [name, licenceOf(name)])),
    );
  });
});

describe('the anchor of a heading', () => {
  it('is made as GitHub makes it', () => {
    const text = ['# What `parley` does: *all*', '## A-b, c.d', '```', '# no heading', '```', '## A-b, c.d'];

    expect(anchorsOf(text.join('\n'))).toEqual(['what-parley-does-all', 'a-b-cd', 'a-b-cd-1']);
  });
});

/** What was installed for the benchmarks is not ours. */
function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .map((path) => join(folder, path));
}

/** Links to this house, images among them; what stands in code is none. */
function linksOf(from: string) {
  const text = withoutFences(readText(from)).replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/i.test(target))
    .map((target) => {
      const [path = '', anchor = null] = target.split('#');
      return { from, to: path === '' ? from : relative(root, join(root, dirname(from), path)), anchor };
    });
}

function licenceOf(name: string): string {
  return JSON.parse(readText(`node_modules/${name}/package.json`)).license;
}

/** Lower case, without punctuation, with hyphens for spaces; a repeated one is numbered. */
function anchorsOf(markdown: string): string[] {
  const slugs = [...withoutFences(markdown).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return slugs.map((slug, index) => {
    const earlier = slugs.slice(0, index).filter((each) => each === slug).length;
    return earlier === 0 ? slug : `${slug}-${earlier}`;
  });
}

function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
}

function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
