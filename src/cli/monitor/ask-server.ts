import { z } from 'zod';

/** Something could not be looked at: the exit code is 2, because nothing is known to be well. */
export class NotReachable extends Error {}

/** Where the server answers, and who asks. */
export interface ServerAddress {
  readonly url: string;
  readonly token: string;
}

const timeoutMs = 5000;

const answerSchema = z.object({
  data: z.object({ operations: z.record(z.string(), z.unknown()).nullable() }).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

/** What is to be said of numbers that only a running server knows. */
export const counters = {
  missing:
    'The counters are in the memory of each server: name one by --url, and an admin of the platform by --token.',
  ofOneProcess: 'The counters are those of the process that answered.',
  notTold: (field: string) => `This server does not tell about ${field}.`,
} as const;

/** Asks a running server for a field of `operations`: the answer, null where it has no such field, or why there is none. */
export async function askServer<Schema extends z.ZodType>(
  server: ServerAddress,
  field: string,
  selection: object,
  schema: Schema,
): Promise<z.output<Schema> | NotReachable | null> {
  const query = `{ operations { ${field} { ${Object.keys(selection).join(' ')} } } }`;
  const text = await send(server, query).catch((error: unknown) => unanswered(server, error));
  if (text instanceof NotReachable) return text;

  const answer = answerSchema.safeParse(parseJson(text));
  if (!answer.success) return new NotReachable(`What answers on ${server.url} is no Parley.`);
  const { data, errors: [error] = [] } = answer.data;
  if (error?.message.startsWith('Cannot query field') === true) return null;
  if (error !== undefined) return new NotReachable(`The server on ${server.url} refuses: ${error.message}`);

  const parsed = schema.safeParse(data?.operations?.[field]);
  if (parsed.success) return parsed.data;
  return new NotReachable(`What the server answers for ${field} is not what this version of Parley knows.`);
}

async function send({ url, token }: ServerAddress, query: string): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return await response.text();
}

/** What fetch throws says "fetch failed", and its cause says why. */
function unanswered({ url }: ServerAddress, error: unknown): NotReachable {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const reason = first instanceof Error ? first.message : String(first);
  return new NotReachable(`The server on ${url} does not answer: ${reason}`, { cause: error });
}

/** Undefined for what is no JSON, which then fits no schema. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
