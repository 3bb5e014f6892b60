import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';
import { isoText } from './iso-text.ts';

const dateTimePattern =
  /^\d{4}-\d{2}-\d{2}[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** RFC 3339; serialized in UTC with milliseconds. */
const dateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  description: 'A point in time, RFC 3339 in UTC with milliseconds: `2026-11-20T03:37:46.123Z`.',
  serialize(value) {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return isoText(value);
    throw new TypeError('A DateTime is answered from a valid Date.');
  },
  parseValue: dateFrom,
  parseLiteral: (node) => dateFrom(node.kind === Kind.STRING ? node.value : null),
});

/**
 * Any text on input: the services check addresses, so that a malformed one is an error of its field alone.
 */
const emailAddress = new GraphQLScalarType<string, string>({
  name: 'EmailAddress',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc6531',
  description:
    'An email address (RFC 6531) of at most 254 bytes, whose domain is compared in its ASCII form. A malformed address in an input is one of the `userErrors`.',
  serialize: String,
  parseValue: emailFrom,
  parseLiteral: (node) => emailFrom(node.kind === Kind.STRING ? node.value : null),
});

const jsonObject = new GraphQLScalarType<Record<string, unknown>, unknown>({
  name: 'JSONObject',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  description: 'A JSON object with any fields.',
  serialize: (value) => value,
  parseValue: objectFrom,
  parseLiteral: (node, variables) => objectFrom(valueFromASTUntyped(node, variables)),
});

/** The custom scalars. Each replaces the scalar of the SDL, including the description. */
export const scalars = { DateTime: dateTime, EmailAddress: emailAddress, JSONObject: jsonObject };

function dateFrom(value: unknown): Date {
  const date = typeof value === 'string' && dateTimePattern.test(value) ? new Date(value) : null;
  if (date === null || Number.isNaN(date.getTime()) || !isRealDay(date, value)) {
    throw new GraphQLError(
      'A DateTime is an RFC 3339 text such as 2026-11-20T03:37:46.123Z, in the years 0001 to 9999.',
    );
  }
  return date;
}

/** JavaScript reads 30 February as 2 March; RFC 3339 knows no such day, and PostgreSQL no year 0. */
function isRealDay(date: Date, value: unknown): boolean {
  const [year = 0, month = 0, day = 0] = String(value).slice(0, 10).split('-').map(Number);
  const daysInMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return year > 0 && day <= daysInMonth && date.getUTCFullYear() > 0 && date.getUTCFullYear() < 10_000;
}

function emailFrom(value: unknown): string {
  if (typeof value !== 'string')
    throw new GraphQLError('An EmailAddress is a text such as someone@example.org.');
  return value;
}

function objectFrom(value: unknown): Record<string, unknown> {
  if (!isObject(value)) throw new GraphQLError('A JSONObject is an object such as {"theme": "dark"}.');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
