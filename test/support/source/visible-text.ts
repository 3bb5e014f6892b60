import type { Node } from 'oxc-parser';
import { breachesIn } from '../plain-english.ts';
import type { SourceFile } from './source-files.ts';
import { walk } from './syntax-tree.ts';

/**
 * Finds texts for clients and operators (errors, log messages, the command line) with words of a private
 * dialect.
 */
export function unclearTextsIn(file: SourceFile): readonly string[] {
  const found: string[] = [];
  walk(file.program, (node) => {
    // Tagged templates are SQL.
    if (node.type === 'TaggedTemplateExpression' || node.type === 'ImportDeclaration') return false;
    const text = textOf(node);
    if (text === null || !isProse(text)) return true;
    const breaches = breachesIn(text).filter((breach) => breach.startsWith('says'));
    found.push(...breaches.map((breach) => `${file.lineAt(node.start)}: ${breach}`));
    return true;
  });
  return found;
}

function textOf(node: Node): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null;
  if (node.type !== 'TemplateLiteral') return null;
  return node.quasis.map(({ value }) => value.cooked ?? '').join('…');
}

/** Texts of fewer words are keys, paths and names. */
function isProse(text: string): boolean {
  return text.trim().split(/\s+/).length > 2;
}
