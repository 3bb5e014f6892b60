import type { Node } from 'oxc-parser';
import type { SourceFile } from './source-files.ts';
import { isFunction, nameOf, walk, type FunctionNode } from './syntax-tree.ts';

/**
 * Finds functions with more than `linesMax` lines of code, without blank lines and comments. Functions that a
 * function declares, and methods of the object that it returns, count for themselves: a factory is what a
 * class would be.
 */
export function longFunctionsIn(file: SourceFile, linesMax: number): readonly string[] {
  const { program, comments } = file;
  const lines = linesOfCode(file.text, comments);
  const found: string[] = [];
  walk(program, (node) => {
    if (!isFunction(node)) return;
    const own = new Set(rangeOf(node, file).filter((line) => lines.has(line)));
    for (const inner of partsOf(node)) {
      // Its first and last line belong to both, which makes the limit the stricter one.
      for (const line of rangeOf(inner, file).slice(1, -1)) own.delete(line);
    }
    if (own.size > linesMax) {
      found.push(`${file.lineAt(node.start)}: ${node.id?.name ?? 'a function'} has ${own.size} lines`);
    }
  });
  return found;
}

/** The functions below a function that count for themselves. */
function partsOf(owner: FunctionNode): readonly FunctionNode[] {
  const parts: FunctionNode[] = [];
  if (owner.body === null) return parts;
  walk(owner.body, (node) => {
    if (node.type === 'FunctionDeclaration') parts.push(node);
    if (node.type === 'ReturnStatement' && node.argument !== null) parts.push(...methodsOf(node.argument));
    return !isFunction(node);
  });
  return parts;
}

function methodsOf(node: Node): readonly FunctionNode[] {
  if (node.type !== 'ObjectExpression') return [];
  return node.properties.flatMap((property) =>
    property.type === 'Property' && isFunction(property.value) && nameOf(property.key) !== ''
      ? [property.value]
      : [],
  );
}

function linesOfCode(text: string, comments: readonly { readonly start: number; readonly end: number }[]) {
  let code = text;
  for (const { start, end } of comments) {
    code = code.slice(0, start) + text.slice(start, end).replaceAll(/[^\n]/g, ' ') + code.slice(end);
  }
  return new Set(code.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [index + 1])));
}

function rangeOf(node: FunctionNode, file: SourceFile): readonly number[] {
  const first = file.lineAt(node.start);
  return Array.from({ length: file.lineAt(node.end) - first + 1 }, (_, index) => first + index);
}
