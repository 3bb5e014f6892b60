import type { ArrowFunctionExpression, Function, Node } from 'oxc-parser';

/** A function of any form. */
export type FunctionNode = Function | ArrowFunctionExpression;

/**
 * Calls `enter` before the children of each node and `leave` after them; `enter` returns false to skip the
 * children.
 */
export function walk(
  node: Node,
  enter: (node: Node) => boolean | void,
  leave: (node: Node) => void = () => {},
): void {
  if (enter(node) !== false) for (const child of childrenOf(node)) walk(child, enter, leave);
  leave(node);
}

/** Returns whether a node is a function of any form. */
export function isFunction(node: Node | null | undefined): node is FunctionNode {
  return (
    node?.type === 'FunctionDeclaration' ||
    node?.type === 'FunctionExpression' ||
    node?.type === 'ArrowFunctionExpression'
  );
}

/** A dotted name, such as `Object.assign`; empty for anything that is not a name. */
export function nameOf(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'PrivateIdentifier') return `#${node.name}`;
  if (node.type === 'ParenthesizedExpression') return nameOf(node.expression);
  if (node.type !== 'MemberExpression' || node.computed) return '';
  return `${nameOf(node.object)}.${nameOf(node.property)}`;
}

/** The names that a statement declares or a pattern binds, not those inside of functions. */
export function namesBoundIn(root: Node): readonly string[] {
  const names: string[] = [];
  walk(root, (node) => {
    if (node.type === 'VariableDeclarator' || node.type === 'CatchClause') {
      const pattern = node.type === 'CatchClause' ? node.param : node.id;
      if (pattern !== null) names.push(...namesOfPattern(pattern));
    } else if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') {
      if (node.id !== null) names.push(node.id.name);
    } else if (node.type.startsWith('Import') && 'local' in node && node.local.type === 'Identifier') {
      names.push(node.local.name);
    }
    return node === root || !(isFunction(node) || node.type === 'ClassDeclaration');
  });
  return names;
}

/** The names that a parameter or the left side of a declaration binds. */
export function namesOfPattern(pattern: Node): readonly string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        namesOfPattern(property.type === 'RestElement' ? property : property.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : namesOfPattern(element)));
    case 'RestElement':
      return namesOfPattern(pattern.argument);
    case 'AssignmentPattern':
      return namesOfPattern(pattern.left);
    default:
      return [];
  }
}

function* childrenOf(node: Node): Generator<Node> {
  for (const value of Object.values(node)) yield* nodesIn(value);
}

function* nodesIn(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const each of value) yield* nodesIn(each);
  else if (isNode(value)) yield value;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
