import type { Node } from 'oxc-parser';
import type { SourceFile } from './source-files.ts';
import { isFunction, nameOf, namesBoundIn, namesOfPattern, walk } from './syntax-tree.ts';

/** Methods that change an array, a Map or a Set. */
const mutators: ReadonlySet<string> = new Set(
  'add clear copyWithin delete fill pop push reverse set shift sort splice unshift'.split(' '),
);

/** Classes without state, whose instances may be constants of a module. */
const stateless: ReadonlySet<string> = new Set([
  'Error',
  'GraphQLScalarType',
  'RegExp',
  'TextEncoder',
  'URL',
]);

/** Names of functions that make something with state. */
const makers = /^(create|make|open|start|memo|once|cache|debounce|throttle|limit|pLimit|pino$)/;

/**
 * Finds the state that a module keeps: variables, instances, closures, constants that are changed, static
 * fields and properties of `globalThis`. Each finding names its line.
 */
export function moduleStateIn(file: SourceFile): readonly string[] {
  const { program } = file;
  const scopes: ReadonlySet<string>[] = [new Set(namesBoundIn(program))];
  const found: string[] = [];
  const exempt = new Set<Node>();
  const enter = (node: Node) => {
    const why =
      changeIn(node, scopes) ?? staticFieldIn(node) ?? (scopes.length === 1 ? stateIn(node, exempt) : null);
    if (why !== null) found.push(`${file.lineAt(node.start)}: ${why}`);
    const names = namesOfScope(node);
    if (names !== null) scopes.push(new Set(names));
  };
  walk(program, enter, (node) => {
    if (namesOfScope(node) !== null) scopes.pop();
  });
  return found;
}

/** Null for a node that is evaluated as part of what is around it. A field is evaluated for each instance. */
function namesOfScope(node: Node): readonly string[] | null {
  if (isFunction(node)) {
    return [...node.params.flatMap(namesOfPattern), ...(node.body === null ? [] : namesBoundIn(node.body))];
  }
  return node.type === 'PropertyDefinition' && !node.static ? [] : null;
}

/** State that is made where a module is evaluated. */
function stateIn(node: Node, exempt: Set<Node>): string | null {
  if (node.type === 'VariableDeclaration' && node.kind !== 'const' && !node.declare) return `a ${node.kind}`;
  if (node.type === 'VariableDeclarator' && node.init !== null && isReadonlyCollection(node)) {
    exempt.add(node.init);
  }
  if (node.type === 'NewExpression' && !exempt.has(node) && !stateless.has(nameOf(node.callee))) {
    return `an instance of ${nameOf(node.callee)}`;
  }
  if (node.type !== 'CallExpression') return null;
  if (isFunction(withoutParentheses(node.callee))) return 'a closure';
  return makers.test(nameOf(node.callee)) ? `what ${nameOf(node.callee)} makes` : null;
}

/** A Map or a Set of which the type forbids changes. */
function isReadonlyCollection(node: Extract<Node, { type: 'VariableDeclarator' }>): boolean {
  const type = node.id.type === 'Identifier' ? node.id.typeAnnotation?.typeAnnotation : undefined;
  return type?.type === 'TSTypeReference' && /^Readonly(Map|Set)$/.test(nameOf(type.typeName));
}

function staticFieldIn(node: Node): string | null {
  if (node.type !== 'PropertyDefinition' || !node.static) return null;
  return node.readonly ? null : 'a static field that is not readonly';
}

/** A change, in any function, of something that the module declares or imports. */
function changeIn(node: Node, scopes: readonly ReadonlySet<string>[]): string | null {
  const target = changedBy(node);
  const owner = target === null ? null : ownerOf(target);
  if (owner === null) return null;
  if (owner === 'globalThis') return 'a property of globalThis';
  const scope = scopes.findLastIndex((names) => names.has(owner));
  return scope === 0 ? `${owner} is changed` : null;
}

function changedBy(node: Node): Node | null {
  if (node.type === 'AssignmentExpression') return node.left.type === 'MemberExpression' ? node.left : null;
  if (node.type === 'UpdateExpression') {
    return node.argument.type === 'MemberExpression' ? node.argument : null;
  }
  if (node.type === 'UnaryExpression') return node.operator === 'delete' ? node.argument : null;
  if (node.type !== 'CallExpression') return null;
  if (nameOf(node.callee) === 'Object.assign') return node.arguments[0] ?? null;
  if (node.callee.type !== 'MemberExpression' || node.callee.computed) return null;
  return mutators.has(nameOf(node.callee.property)) ? node.callee.object : null;
}

/** The variable that a chain of properties begins with. */
function ownerOf(node: Node): string | null {
  if (node.type === 'MemberExpression') return ownerOf(node.object);
  if (node.type === 'ParenthesizedExpression' || node.type === 'TSNonNullExpression') {
    return ownerOf(node.expression);
  }
  return node.type === 'Identifier' ? node.name : null;
}

function withoutParentheses(node: Node): Node {
  return node.type === 'ParenthesizedExpression' ? withoutParentheses(node.expression) : node;
}
