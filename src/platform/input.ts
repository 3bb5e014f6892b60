import { z } from 'zod';
import { isStorable, lengthOf } from './text.ts';
import { InvalidInput, type ErrorCode, type FieldError } from './errors.ts';
import { reasonOfIssue } from './issue-reasons.ts';

const jsonBytesMax = 16_384;
const jsonDepthMax = 20;

/** Creates a schema of trimmed, storable text; the bounds count characters. */
export function textInput(bounds: { readonly min: number; readonly max: number }) {
  return z
    .string()
    .trim()
    .refine(isStorable, 'contains a NUL or an unpaired surrogate')
    .refine((text) => lengthOf(text) >= bounds.min, {
      message: bounds.min === 1 ? 'must not be empty' : `must have at least ${bounds.min} characters`,
      params: { reason: bounds.min === 1 ? 'REQUIRED' : 'TOO_SHORT', min: bounds.min },
    })
    .refine((text) => lengthOf(text) <= bounds.max, tooLong(bounds.max, 'characters'));
}

function tooLong(max: number, unit: string) {
  return { message: `must have at most ${max} ${unit}`, params: { reason: 'TOO_LONG', max } } as const;
}

/**
 * Creates a schema of storable, not blank text that keeps its surrounding whitespace, which matters in code.
 */
export function proseInput(bounds: { readonly max: number }) {
  return z
    .string()
    .refine(isStorable, 'contains a NUL or an unpaired surrogate')
    .refine((text) => text.trim() !== '', {
      message: 'must not be blank',
      params: { reason: 'REQUIRED', min: 1 },
    })
    .refine((text) => lengthOf(text) <= bounds.max, tooLong(bounds.max, 'characters'));
}

/** Creates a schema of an optional text or ID, of which an empty text means none, as in an empty form. */
export function optionalText<Schema extends z.ZodType<string | null | undefined, string | null | undefined>>(
  schema: Schema,
) {
  return z.preprocess((value) => (value === '' ? null : value), schema.nullish());
}

/** A schema of storable JSON objects: at most 16 kB and 20 levels deep. */
export const jsonInput = z
  .record(z.string(), z.unknown())
  .refine((value) => isStorableJson(value, jsonDepthMax), {
    message: 'contains a value that cannot be stored, or is nested too deeply',
    // JSON.stringify overflows the stack on deeper values.
    abort: true,
  })
  .refine(
    (value) => Buffer.byteLength(JSON.stringify(value)) <= jsonBytesMax,
    tooLong(jsonBytesMax, 'bytes as JSON'),
  );

/**
 * Returns the validated input of a mutation.
 * @throws InvalidInput with all errors, each with its path in `input`
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new InvalidInput(parsed.error.issues.map(fieldError));
}

/** Creates an error of one field; the message continues after the field's name. */
function fieldError(issue: z.core.$ZodIssue): FieldError {
  const path = issue.path.map(String);
  const name = path.length === 0 ? 'The input' : `\`${path.join('.')}\``;
  // GraphQL has validated the types; only null for a required value remains.
  const message = issue.code === 'invalid_type' ? 'must not be null' : issue.message;
  return {
    code: 'BAD_USER_INPUT',
    message: `${name} ${message}.`,
    path: ['input', ...path],
    ...reasonOfIssue(issue),
  };
}

/**
 * Creates the refusal of a mutation for a single reason; `detail` has the reason for programs, by default the
 * usual one of the code.
 */
export function invalidInput(
  code: ErrorCode,
  message: string,
  path: readonly string[] = [],
  detail: Pick<FieldError, 'reason' | 'params'> = {},
): InvalidInput {
  return new InvalidInput([{ code, message, path: ['input', ...path], ...detail }]);
}

function isStorableJson(value: unknown, levels: number): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  return Object.entries(value).every(([key, inner]) => isStorable(key) && isStorableJson(inner, levels - 1));
}
