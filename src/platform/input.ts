import { z } from 'zod';
import { isStorable, lengthOf } from './text.ts';
import { InputRefused, type ErrorCode, type InputFault } from './errors.ts';

const jsonBytesMax = 16_384;
const jsonDepthMax = 20;

/** A text that can be stored, without the blanks around it, of a length in characters. */
export function textInput(bounds: { readonly min: number; readonly max: number }) {
  return z
    .string()
    .trim()
    .refine(isStorable, 'has a character that no text can hold')
    .refine(
      (text) => lengthOf(text) >= bounds.min,
      bounds.min === 1 ? 'must not be empty' : `must have at least ${bounds.min} characters`,
    )
    .refine((text) => lengthOf(text) <= bounds.max, `must have at most ${bounds.max} characters`);
}

/** A text that can be stored as it is, blanks included: they mean something in code. Not empty, nor blanks alone. */
export function proseInput(bounds: { readonly max: number }) {
  return z
    .string()
    .refine(isStorable, 'has a character that no text can hold')
    .refine((text) => text.trim() !== '', 'must not be blank')
    .refine((text) => lengthOf(text) <= bounds.max, `must have at most ${bounds.max} characters`);
}

/** A JSON object that can be stored: at most 16 kB and 20 levels deep. */
export const jsonInput = z
  .record(z.string(), z.unknown())
  .refine((value) => isStorableJson(value, jsonDepthMax), {
    message: 'has something that cannot be stored, or too many levels',
    // What is too deep would break JSON.stringify.
    abort: true,
  })
  .refine(
    (value) => Buffer.byteLength(JSON.stringify(value)) <= jsonBytesMax,
    `must have at most ${jsonBytesMax} bytes as JSON`,
  );

/**
 * What a mutation was given, checked.
 * @throws InputRefused with every fault at once, each with its way into `input`
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new InputRefused(
    parsed.error.issues.map((issue) =>
      // GraphQL has checked the types; what is left of them is null where there must be a value.
      fault(issue.code === 'invalid_type' ? 'must not be null' : issue.message, issue.path.map(String)),
    ),
  );
}

/** A fault of one field: the message goes on after the field's name. */
function fault(message: string, path: readonly string[]): InputFault {
  const name = path.length === 0 ? 'The input' : `\`${path.join('.')}\``;
  return { code: 'BAD_USER_INPUT', message: `${name} ${message}.`, path: ['input', ...path] };
}

/** A mutation that is refused for one reason other than the form of its input. */
export function refused(code: ErrorCode, message: string, path: readonly string[] = []): InputRefused {
  return new InputRefused([{ code, message, path: ['input', ...path] }]);
}

function isStorableJson(value: unknown, levels: number): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  return Object.entries(value).every(([key, inner]) => isStorable(key) && isStorableJson(inner, levels - 1));
}
