import { z } from 'zod';
import { MessageRole } from '../../platform/postgres/generated/enums.ts';
import { isStorable } from '../../platform/text.ts';
import type { ImportedConversation } from './model.ts';

/** A conversation, or the reason why a line is not valid. */
export type ParsedLine =
  | { readonly conversation: ImportedConversation; readonly fault: null }
  | { readonly conversation: null; readonly fault: string };

// PostgreSQL indexes at most 1 MB of words per message.
const contentCharactersMax = 100_000;
const faultsMax = 5;

// The years that PostgreSQL and RFC 3339 can both write.
const earliest = Date.parse('0001-01-01T00:00:00.000Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

const messageSchema = z.object(
  {
    author: text(200),
    createdAt: z.iso
      .datetime({ offset: true, error: wrong('a time of RFC 3339, such as 2004-12-25T03:21:00Z') })
      .transform((time) => new Date(time))
      .refine(
        (time) => time.getTime() >= earliest && time.getTime() <= latest,
        'is in no year from 1 to 9999',
      ),
    content: text(contentCharactersMax),
    role: z
      .enum(MessageRole, { error: wrong(`one of ${Object.keys(MessageRole).join(', ')}`) })
      .nullish()
      .transform((role) => role ?? 'USER'),
  },
  { error: wrong('a JSON object') },
);

const conversationSchema = z.object(
  {
    tenant: z
      .string({ error: wrong('a text') })
      .regex(/^[a-z0-9][a-z0-9_-]{0,99}$/, 'must be 1 to 100 of a-z, 0-9, dash and underscore'),
    externalId: text(200),
    title: text(500),
    messages: z.array(messageSchema, { error: wrong('a list of messages') }).min(1, 'must not be empty'),
  },
  { error: wrong('a JSON object') },
);

/** Parses the JSON object of one line, whose format the README describes. Unknown fields are ignored. */
export function parseConversation(line: string): ParsedLine {
  const json = parseJson(line);
  if (json.fault !== null) return { conversation: null, fault: json.fault };
  const parsed = conversationSchema.safeParse(json.value);
  if (parsed.success) return { conversation: parsed.data, fault: null };
  return { conversation: null, fault: describe(parsed.error.issues) };
}

/** A schema of storable, not blank text that keeps its surrounding whitespace. */
function text(charactersMax: number) {
  return z
    .string({ error: wrong('a text') })
    .refine(isStorable, 'contains a NUL or an unpaired surrogate')
    .refine((value) => value.trim() !== '', 'must not be blank')
    .refine((value) => isAtMost(value, charactersMax), `must have at most ${charactersMax} characters`);
}

function wrong(expected: string) {
  return ({ input }: { readonly input?: unknown }) =>
    input === undefined ? 'is missing' : `must be ${expected}`;
}

/** Counts code points, as PostgreSQL does; UTF-16 has two units for some of them. */
function isAtMost(value: string, charactersMax: number): boolean {
  return (
    value.length <= charactersMax ||
    (value.length <= 2 * charactersMax && Array.from(value).length <= charactersMax)
  );
}

function parseJson(line: string): { readonly value: unknown; readonly fault: string | null } {
  try {
    const value: unknown = JSON.parse(line);
    return { value, fault: null };
  } catch (error) {
    return { value: null, fault: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function describe(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): string {
  const faults = issues.slice(0, faultsMax).map(({ path, message }) => `${nameOf(path)} ${message}`);
  const rest = issues.length - faults.length;
  return faults.join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the line' : path.map(String).join('.');
}
