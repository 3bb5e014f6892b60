import type { Write, WrittenField } from '../plan/plan.ts';
import { objectBytes } from './answer-size.ts';

/** Shared by all fields without arguments. */
const noArguments = Object.freeze({});

/**
 * Compiles a function that writes the objects of one selection as an object literal: V8 then gives them one
 * shape, with an inline cache per property. Only names get from the document into the code: letters, digits
 * and underscores by grammar.
 */
export function compileWriter(fields: readonly WrittenField[]): Write {
  let write: Write | null = null;
  return (source, run) => {
    // Not before the first object: most types that a fragment names never come, and compiling takes longer
    // than writing.
    write ??= compile(fields);
    return write(source, run);
  };
}

function compile(fields: readonly WrittenField[]): Write {
  const entries = fields.map((field, at) => `${keyText(field.key)}: ${expression(field, at)}`);
  const complete = fields.map((field) => ('constant' in field ? null : field.value.complete));
  const resolve = fields.map((field) => ('constant' in field ? null : field.resolve));
  const constants = fields.map(
    (_field, at) => `const f${at} = fields[${at}], c${at} = complete[${at}], r${at} = resolve[${at}];`,
  );
  // oxlint-disable-next-line no-implied-eval, no-new-func
  const make = new Function(
    'fields',
    'complete',
    'resolve',
    'none',
    'bytes',
    `'use strict'; ${constants.join(' ')} return (source, run) => (run.addBytes(bytes), { ${entries.join(', ')} });`,
  );
  return make(fields, complete, resolve, noArguments, objectBytes(fields.map(({ key }) => key)));
}

function expression(field: WrittenField, at: number): string {
  if ('constant' in field) return JSON.stringify(field.constant);
  if (field.slot !== null) return `c${at}(run.take(${field.slot}), run)`;
  if (field.resolve === null) return `c${at}(source[${JSON.stringify(field.definition.name)}], run)`;
  const args = field.definition.args.length === 0 ? 'none' : `run.argumentsOf(f${at})`;
  return `c${at}(r${at}(source, ${args}, run.context), run)`;
}

/** In a literal, `__proto__` is a key only if it is computed. */
function keyText(key: string): string {
  return key === '__proto__' ? `['__proto__']` : JSON.stringify(key);
}
