import type { Node } from 'oxc-parser';
import { breachesIn } from '../plain-english.ts';
import type { SourceFile } from './source-files.ts';

/** Finds exported declarations without a docstring, and docstrings that break the rules of English. */
export function docstringBreachesIn(file: SourceFile): readonly string[] {
  const { program, comments } = file;
  const docstrings = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'));
  const missing = program.body.flatMap((node) => {
    const name = exportedNameIn(node);
    const isDescribed = docstrings.some(
      ({ end }) => end <= node.start && isBetween(file.text.slice(end, node.start)),
    );
    return name === null || isDescribed ? [] : [`${file.lineAt(node.start)}: ${name} has no docstring`];
  });
  const unclear = docstrings.flatMap(({ start, value }) =>
    breachesIn(proseOf(value)).map((breach) => `${file.lineAt(start)}: ${breach}`),
  );
  return [...missing, ...unclear];
}

/** Null for a statement that exports nothing of its own. */
function exportedNameIn(node: Node): string | null {
  if (node.type === 'ExportDefaultDeclaration') return 'the default export';
  if (node.type !== 'ExportNamedDeclaration' || node.declaration === null) return null;
  const { declaration } = node;
  if (declaration.type === 'VariableDeclaration') {
    const [first] = declaration.declarations;
    return first?.id.type === 'Identifier' ? first.id.name : 'a constant';
  }
  return 'id' in declaration && declaration.id?.type === 'Identifier' ? declaration.id.name : 'a declaration';
}

/** Returns whether a text has only blanks and line comments, such as those that disable a lint rule. */
function isBetween(text: string): boolean {
  return text.length < 300 && /^\s*(\/\/[^\n]*\n\s*)*$/.test(text);
}

/** The text of a docstring without its tags, links and code. */
function proseOf(comment: string): string {
  return (
    comment
      .replaceAll(/^\s*\* ?/gm, '')
      .replace(/^\*/, '')
      .split(/(?:^|\s)@(?:throws|param|returns|see|example|default)\b/)[0]
      ?.replaceAll(/```[\s\S]*?```/g, '')
      .replaceAll(/`[^`]*`/g, 'code')
      .replaceAll(/\s+/g, ' ')
      .trim() ?? ''
  );
}
